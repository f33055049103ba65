// SPDX-License-Identifier: Apache-2.0
#include "store/retention.hpp"

#include "base/sha256.hpp"
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
        return kept_blobs(components, cache, store, keep_versions);
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
