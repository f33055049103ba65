// SPDX-License-Identifier: Apache-2.0
// What an unchanged pass costs, also when it is the hundred thousandth.
#include "base/sha256.hpp"
#include "faults/scene.hpp"
#include "local/unpack/archives.hpp"
#include "support/shell.hpp"
#include "support/tree_listing.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace provisor::test {
namespace {

// All of them: PROVISOR_PASSES=100000 (a quarter of an hour).
TEST(Unchanged, PassesOneAfterTheOtherHoldNoMoreThanTheFirst) {
    const char* asked = std::getenv("PROVISOR_PASSES");
    const unsigned long passes = asked == nullptr ? 600 : std::stoul(asked);
    Origin origin;
    const Machine machine;
    origin.serve("/app", page(program(1), "\"app\""));
    origin.serve("/tool.tar",
                 page(tar_of({{"tool", program(2)}, {"tool.conf", "a: 1\n"}}), "\"tool\""));
    origin.serve("/listed", page(program(3), "\"listed\""));
    origin.serve("/SHA256SUMS", page(sha256_of(program(3)) + "  listed\n", "\"sums\""));
    machine.write_manifest("components:\n"
                           "  app:\n    url: \"" +
                           origin.url("/app") +
                           "\"\n"
                           "    path: /opt/app\n    units: [{ name: app.service }]\n"
                           "  tool:\n    url: \"" +
                           origin.url("/tool.tar") +
                           "\"\n"
                           "    files:\n"
                           "      - { from: tool, path: /opt/tool }\n"
                           "      - { from: tool.conf, path: /etc/tool.conf, mode: \"0644\" }\n"
                           "  listed:\n    url: \"" +
                           origin.url("/listed") +
                           "\"\n"
                           "    path: /opt/listed\n"
                           "    sha256sums: \"" +
                           origin.url("/SHA256SUMS") + "\"\n");
    const RunResult installed = machine.apply();
    ASSERT_EQ(installed.status, 0) << installed.out << installed.err;
    const auto before = list_tree(machine.root());
    origin.forget();

    bool done = false;
    const std::string told = shell(std::string(PASSES) + " " + machine.root().string() +
                                       " " FETCH " " UNPACK " " + std::to_string(passes),
                                   done);
    ASSERT_TRUE(done) << told;
    std::printf("%s", told.c_str());
    const auto seen = nlohmann::json::parse(told);
    EXPECT_EQ(seen["other_decisions"], 0);
    EXPECT_EQ(seen["last_descriptors"], seen["first_descriptors"]);
    EXPECT_LT(seen["last_memory_kib"], seen["first_memory_kib"].get<long>() + 1024);

    EXPECT_EQ(origin.body_bytes(), 0U);
    // What is listed needs no asking while the list is the same.
    EXPECT_EQ(origin.count(304), 3 * passes) << "one request for each URL";
    EXPECT_EQ(origin.log().size(), 3 * passes);
    EXPECT_EQ(list_tree(machine.root()), before) << "an unchanged pass has written";
}

} // namespace
} // namespace provisor::test
