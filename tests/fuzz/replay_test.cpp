// SPDX-License-Identifier: Apache-2.0
// The inputs that are kept in corpus/ meet every build, without a fuzzer.
#include "fuzz/target.hpp"
#include "support/temporary_folder.hpp"

#include <array>
#include <filesystem>
#include <gtest/gtest.h>
#include <set>

namespace provisor::fuzz {
namespace {

namespace fs = std::filesystem;

struct Target {
    const char* name;
    void (*run)(std::string_view input);
};

std::ostream& operator<<(std::ostream& out, const Target& target) { return out << target.name; }

constexpr std::array targets{Target{"agent_config", agent_config},
                             Target{"answers", answers},
                             Target{"archive", archive},
                             Target{"checksums", checksums},
                             Target{"conversations", conversations},
                             Target{"manifest", manifest},
                             Target{"minisign", minisign},
                             Target{"packages", packages},
                             Target{"records", records},
                             Target{"response_headers", response_headers},
                             Target{"sanity", sanity},
                             Target{"store", store},
                             Target{"time_zone", time_zone},
                             Target{"versions", versions},
                             Target{"windows", windows},
                             Target{"wire", wire}};

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, BreaksNoProperty) {
    std::size_t replayed = 0;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(fs::path(CORPUS) / GetParam().name)) {
        EXPECT_NO_THROW(GetParam().run(test::read_text(entry.path()))) << entry.path();
        ++replayed;
    }
    EXPECT_GE(replayed, 5U) << "a corpus that is not there tests nothing";
    EXPECT_NO_THROW(GetParam().run("")) << "nothing at all";
}

INSTANTIATE_TEST_SUITE_P(Targets, Corpus, testing::ValuesIn(targets),
                         [](const auto& row) { return row.param.name; });

TEST(Corpora, AreAllReplayed) {
    std::set<std::string> replayed;
    for (const Target& target : targets)
        replayed.insert(target.name);
    std::set<std::string> kept;
    for (const fs::directory_entry& folder : fs::directory_iterator(CORPUS))
        kept.insert(folder.path().filename());
    EXPECT_EQ(replayed, kept);
}

TEST(Corpora, HaveNamesThatSayWhatTheInputsAre) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(CORPUS)) {
        const std::string name = entry.path().filename();
        EXPECT_FALSE(name.size() >= 16 &&
                     name.find_first_not_of("0123456789abcdef") == std::string::npos)
            << entry.path()
            << ": a digest (tests/fuzz/run --keep) says nothing; what is it, or what comes of it?";
    }
}

} // namespace
} // namespace provisor::fuzz
