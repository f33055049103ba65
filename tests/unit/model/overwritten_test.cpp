// SPDX-License-Identifier: Apache-2.0
#include "model/overwritten.hpp"

#include "base/sha256.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const WallTime now_and_here{std::chrono::seconds(1'000'000)};

InstalledFile a_file(const std::string& path, const std::string& content, mode_t mode = 0755) {
    return {path, sha256_of(content), mode, "root", "root"};
}

Marker app_marker(std::vector<InstalledFile> files) {
    Marker marker;
    marker.component = "app";
    marker.artifact = files.front().sha256;
    marker.files = std::move(files);
    return marker;
}

Generations kept(const Generations& before, const std::optional<Marker>& installed,
                 const Marker& wanted, const std::vector<Overwritten>& overwritten) {
    return with_overwritten(before, installed, wanted, overwritten, "/units", now_and_here);
}

TEST(OverwrittenModel, GenerationZeroIsWhatStoodThere) {
    const Generations zero = kept({}, {}, app_marker({a_file("/a", "new"), a_file("/b", "new")}),
                                  {{a_file("/a", "old", 0711), false}});
    ASSERT_THAT(zero, SizeIs(1));
    EXPECT_THAT(zero[0].marker.files, ElementsAre(a_file("/a", "old", 0711)));
    EXPECT_THAT(zero[0].marker.found, ElementsAre("/a"));
    EXPECT_EQ(zero[0].marker.artifact, sha256_of("old"));
    EXPECT_EQ(zero[0].since, now_and_here);
    EXPECT_EQ(parse_generations(to_json(zero)), zero);
}

TEST(OverwrittenModel, APassThatWasCutOffKeepsWhatTheFirstOneOverwrote) {
    const Marker wanted = app_marker({a_file("/a", "new"), a_file("/b", "new")});
    const Generations first =
        kept({}, {}, wanted, {{a_file("/a", "old a"), false}, {a_file("/b", "old b"), false}});
    // The cut-off pass had renamed /a; /b was replaced by somebody meanwhile.
    const Generations second = kept(first, {}, wanted, {{a_file("/b", "newer b"), false}});
    ASSERT_THAT(second, SizeIs(1));
    EXPECT_THAT(second[0].marker.files,
                ElementsAre(a_file("/a", "old a"), a_file("/b", "newer b")));
    EXPECT_THAT(second[0].marker.found, ElementsAre("/a", "/b"));
}

TEST(OverwrittenModel, WhatAnotherComponentInstalledIsNotFound) {
    const Generations zero =
        kept({}, {}, app_marker({a_file("/a", "new")}), {{a_file("/a", "old"), true}});
    EXPECT_THAT(zero.at(0).marker.found, IsEmpty());
}

TEST(OverwrittenModel, ConfigurationAloneIsNoGeneration) {
    EXPECT_THAT(kept({}, {}, app_marker({a_file("/a", "new"), a_file("/c", "new", 0644)}),
                     {{a_file("/c", "old", 0644), false}}),
                IsEmpty());
    EXPECT_THAT(
        kept({}, {}, app_marker({a_file("/c", "new", 0644)}), {{a_file("/c", "old", 0644), false}}),
        SizeIs(1))
        << "when there is nothing else";
}

TEST(OverwrittenModel, AnUpdateAddsItToEachGeneration) {
    const Marker installed = app_marker({a_file("/a", "1")});
    const Generations before{{app_marker({a_file("/a", "0"), a_file("/b", "0")}), "0", "", {}},
                             {installed, "1", "", {}}};
    const Generations with =
        kept(before, installed, app_marker({a_file("/a", "2"), a_file("/b", "2")}),
             {{a_file("/b", "theirs"), false}});
    ASSERT_THAT(with, SizeIs(2));
    EXPECT_THAT(with[0].marker.files, ElementsAre(a_file("/a", "0"), a_file("/b", "theirs")));
    EXPECT_THAT(with[1].marker.files, ElementsAre(a_file("/a", "1"), a_file("/b", "theirs")));
    EXPECT_THAT(with[1].marker.found, ElementsAre("/b"));
    EXPECT_EQ(with[1].version, "1");
}

TEST(OverwrittenModel, NothingChangesWhereNothingIsOverwritten) {
    const Generations before{{app_marker({a_file("/a", "0")}), "0", "", {}}};
    EXPECT_EQ(kept(before, {}, app_marker({a_file("/a", "1")}), {}), before);
}

} // namespace
} // namespace provisor::test
