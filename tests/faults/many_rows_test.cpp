// SPDX-License-Identifier: Apache-2.0
// What concerns many components of one pass, rows 23 and 60, or many files of one component.
#include "faults/row.hpp"
#include "local/unpack/archives.hpp"
#include "support/tree_listing.hpp"

#include <algorithm>
#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

TEST(Redirects, Row23AThousandToAnotherOriginCarryNoCredentials) {
    const std::vector<std::string> codes{"301", "302", "303", "307", "308"};
    constexpr int count = 1000;
    Scene scene;
    Origin elsewhere;
    elsewhere.serve("/app", page("#!/bin/sh\n", "\"e\""));
    for (const std::string& code : codes)
        scene.origin.serve(
            "/" + code,
            page("", "", "code=" + code + ",redirto=" + elsewhere.url("/app?from=" + code)));
    std::string manifest = "components:\n";
    for (int i = 0; i < count; ++i) {
        const std::string number = std::to_string(i);
        std::string url =
            scene.origin.url("/" + codes[static_cast<std::size_t>(i) % codes.size()]) +
            "?token=" + Canaries::query + number;
        // Half of them with secrets in the URL, too.
        if (i % 2 == 0)
            url.insert(url.find("127."), std::string("me:") + Canaries::user + "@");
        manifest += "  c" + number + ":\n    url: \"" + url + "\"\n    path: /opt/c" + number +
                    "\n    mode: \"0755\"\n" +
                    (i % 2 == 0 ? "" : "    auth: { bearer: credential:app }\n");
    }
    scene.machine.write_manifest(manifest);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0);
    const auto with_secret = [](const std::vector<Exchange>& log) {
        return std::count_if(log.begin(), log.end(), [](const Exchange& one) {
            return !one.request.header("authorization").empty();
        });
    };
    EXPECT_THAT(scene.origin.log(), SizeIs(count));
    EXPECT_EQ(with_secret(scene.origin.log()), count) << "they were not even sent at home";
    EXPECT_THAT(elsewhere.log(), SizeIs(count));
    EXPECT_EQ(with_secret(elsewhere.log()), 0);
    for (const Exchange& exchange : elsewhere.log()) {
        EXPECT_EQ(exchange.request.header("cookie"), "");
        EXPECT_THAT(exchange.request.query, testing::StartsWith("from=30"));
    }
    expect_clean(scene.machine);
}

TEST(Archive, WithThousandsOfMembersIsInstalledOnceAndUnchangedThen) {
    constexpr int count = 3000;
    Origin origin;
    const Machine machine;
    std::vector<Forged> members;
    std::string manifest =
        "components:\n  docs:\n    url: \"" + origin.url("/docs.zip") + "\"\n    files:\n";
    for (int i = 0; i < count; ++i) {
        const std::string name = "page-" + std::to_string(i);
        members.push_back(
            {.name = "docs/" + name, .content = "text of " + name, .target = "", .mode = 0644});
        manifest +=
            "      - { from: docs/" + name + ", path: /srv/docs/" + name + ", mode: \"0644\" }\n";
    }
    origin.serve("/docs.zip", page(zip_of(members), "\"docs\""));
    machine.write_manifest(manifest);
    const RunResult installed = machine.apply();
    ASSERT_EQ(installed.status, 0) << installed.out << installed.err;
    EXPECT_EQ(read_text(machine.under("srv/docs/page-2999")), "text of page-2999");
    const auto before = list_tree(machine.root());
    origin.forget();
    const RunResult again = machine.apply();
    EXPECT_EQ(again.status, 0) << again.out << again.err;
    EXPECT_EQ(origin.count(304), 1U);
    EXPECT_EQ(origin.body_bytes(), 0U);
    EXPECT_EQ(list_tree(machine.root()), before) << "an unchanged pass has written";

    std::filesystem::remove(machine.under("srv/docs/page-17"));
    EXPECT_EQ(machine.apply().status, 0);
    EXPECT_EQ(read_text(machine.under("srv/docs/page-17")), "text of page-17");
    EXPECT_EQ(origin.body_bytes(), 0U) << "it is repaired from the cache";
}

TEST(CaptivePortal, Row60IsToldOnceForAllComponents) {
    Origin portal;
    portal.serve("/login", page("", "\"login\"", "html"));
    Scene scene;
    scene.install(1);
    const State before = state_of(scene);
    const std::string beside = read_text(scene.machine.under("opt/beside"));
    scene.publish(2, "redirto=" + portal.url("/login?session=1"));
    scene.origin.serve("/beside", page("", "", "redirto=" + portal.url("/login?session=2")));
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    for (const char* name : {"app", "beside"}) {
        EXPECT_EQ(run.told.at(name).decision, "fail");
        EXPECT_EQ(run.told.at(name).kind, "sanity");
        EXPECT_THAT(run.told.at(name).message, HasSubstr("title \"Please log in\""));
    }
    expect_untouched(scene, before);
    EXPECT_EQ(read_text(scene.machine.under("opt/beside")), beside);
    expect_golden("Row60CaptivePortal", scene.machine);
    scene.publish(2);
    scene.origin.forget();
    EXPECT_EQ(scene.machine.apply().status, 0);
    for (const Exchange& exchange : scene.origin.log())
        EXPECT_EQ(exchange.request.header("if-none-match"), "\"v1\"");
    expect_like_clean_install(scene);
}

} // namespace
} // namespace provisor::test
