// SPDX-License-Identifier: Apache-2.0
#include "store/retention.hpp"

#include "base/sha256.hpp"
#include "model/component.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

class RetentionTest : public testing::Test {
protected:
    /// A component that had these versions one after the other.
    void install(const std::string& name, const std::vector<std::string>& versions) {
        Record record;
        for (const std::string& version : versions)
            record.remember(
                {WallTime{}, Decision::update, version, sha256_of(version), "", "", ""});
        store.write_record(name, record);
        store.write_installed({name, sha256_of(versions.back()), {}, {}, false, {}, ""});
    }

    std::set<std::string> kept(unsigned keep_versions,
                               const std::vector<Component>& components = {}) {
        WantedBlobs wanted = wanted_blobs(components, cache, store, keep_versions);
        for (const WantedBlobs::Earlier& one : wanted.earlier)
            wanted.needed.insert(one.digests.begin(), one.digests.end());
        return wanted.needed;
    }

    /// What is left of the blobs.
    std::set<std::string> left_under(std::uint64_t max_size) {
        AgentConfig::CacheLimits limits;
        limits.max_size = max_size;
        over = prune_cache({}, cache, store, limits).over;
        std::set<std::string> left;
        for (const auto& [digest, size] : cache.blobs())
            left.insert(digest);
        return left;
    }

    static std::set<std::string> digests(const std::vector<std::string>& versions) {
        std::set<std::string> all;
        for (const std::string& version : versions)
            all.insert(sha256_of(version));
        return all;
    }

    test::TemporaryFolder folder;
    Cache cache{folder.path()};
    ComponentStore store{folder.path()};
    std::string over; ///< of the last prune
};

TEST_F(RetentionTest, KeepsTheMostRecentVersions) {
    install("app", {"1", "2", "3", "4", "5", "6"});
    EXPECT_EQ(kept(3), digests({"6", "5", "4"}));
}

TEST_F(RetentionTest, KeepsAllWhenItIsNotKnownWhatThereIs) {
    install("app", {"1", "2"});
    test::run_with_failing_call(__NR_getdents64, EIO, [&] { EXPECT_THROW(kept(3), Error); });
    test::run_with_failing_call(__NR_openat, EMFILE, [&] { EXPECT_THROW(kept(3), Error); });
}

TEST_F(RetentionTest, NeverDropsTheInstalledOneNorTheOneBeforeIt) {
    install("app", {"1", "2", "3"});
    EXPECT_EQ(kept(0), digests({"3", "2"}));
}

TEST_F(RetentionTest, AnAlternatingVersionCountsOnce) {
    install("app", {"old", "1", "2", "1", "2", "1", "2"});
    EXPECT_EQ(kept(3), digests({"2", "1", "old"}));
}

TEST_F(RetentionTest, CountsForEachComponentAlone) {
    install("a", {"a1", "a2", "a3"});
    install("b", {"b1", "b2", "b3"});
    EXPECT_EQ(kept(2), digests({"a3", "a2", "b3", "b2"}));
}

TEST_F(RetentionTest, KeepsWhatTodaysManifestsWant) {
    install("app", {"1", "2", "3"});
    Component pinned;
    pinned.name = "app";
    pinned.sha256 = sha256_of("next");
    EXPECT_TRUE(kept(2, {pinned}).contains(sha256_of("next")));
}

TEST_F(RetentionTest, UnderACapTheLongestUnusedOfAllComponentsGoFirst) {
    const auto used = [&](const std::string& name, const std::vector<std::string>& versions,
                          std::chrono::hours begin) {
        Record record;
        WallTime when{begin};
        for (const std::string& version : versions) {
            record.remember({when, Decision::update, version, sha256_of(version), "", "", ""});
            when += std::chrono::hours(2);
            cache.keep_text(version, sha256_of(version));
        }
        store.write_record(name, record);
        store.write_installed({name, sha256_of(versions.back()), {}, {}, false, {}, ""});
    };
    used("a", {"a1", "a2", "a3", "a4"}, std::chrono::hours(0)); // a1 at 0, a2 at 2
    used("b", {"b1", "b2", "b3", "b4"}, std::chrono::hours(1)); // b1 at 1, b2 at 3
    cache.keep_text("nobody's", sha256_of("nobody's"));
    const auto needed = digests({"a3", "a4", "b3", "b4"});
    const auto with = [&](const std::vector<std::string>& more) {
        auto all = digests(more);
        all.insert(needed.begin(), needed.end());
        return all;
    };
    EXPECT_EQ(left_under(0), with({"a1", "a2", "b1", "b2"}));
    EXPECT_EQ(left_under(15), with({"a2", "b1", "b2"}));
    EXPECT_EQ(left_under(14), with({"a2", "b1", "b2"}));
    EXPECT_EQ(left_under(12), with({"a2", "b2"}));
    EXPECT_EQ(left_under(8), needed);
    EXPECT_EQ(over, "");
    EXPECT_EQ(left_under(7), needed);
    EXPECT_EQ(over, "the cache has 8 B, more than cache.max_size (7 B): so much is installed, can "
                    "be rolled back to, or is wanted by the manifests");
}

TEST_F(RetentionTest, ACapNeverDropsTheWayBackThatWasFoundHealthy) {
    install("app", {"1", "2", "3"});
    const auto healthy = [](const std::string& version, int hour) {
        return Generation{{"app", sha256_of(version), {}, {}, false, {}, ""},
                          version,
                          "",
                          WallTime{std::chrono::hours(hour)}};
    };
    store.write_generations("app", {healthy("old", 1), healthy("good", 2)});
    for (const char* version : {"1", "2", "3", "old", "good"})
        cache.keep_text(version, sha256_of(version));
    EXPECT_EQ(left_under(1), digests({"3", "2", "good"}));
}

TEST_F(RetentionTest, WantsTheUrlsOfAllButWhatIsPinnedAndThere) {
    Component plain;
    plain.url = "https://o/plain";
    plain.mirrors = {"https://m/plain"};
    Component pinned;
    pinned.url = "https://o/pinned";
    pinned.sha256 = sha256_of("pinned");
    EXPECT_EQ(wanted_urls({plain, pinned}, cache),
              (std::set<std::string>{"https://o/plain", "https://m/plain", "https://o/pinned"}));
    cache.keep_text("pinned", pinned.sha256);
    EXPECT_EQ(wanted_urls({plain, pinned}, cache),
              (std::set<std::string>{"https://o/plain", "https://m/plain"}));
}

} // namespace
} // namespace provisor
