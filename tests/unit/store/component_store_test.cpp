// SPDX-License-Identifier: Apache-2.0
#include "store/component_store.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const fs::path& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
}

class ComponentStoreTest : public testing::Test {
protected:
    Marker marker(const std::string& content) {
        return {"app",
                sha256_of(content),
                {{"/opt/app", sha256_of(content), 0755, "root", "root"}},
                {},
                false,
                {},
                ""};
    }

    test::TemporaryFolder folder;
    ComponentStore store{folder / "state"};
};

TEST_F(ComponentStoreTest, AnEmptyStateIsNoState) {
    EXPECT_FALSE(store.installed("app"));
    EXPECT_EQ(store.record("app"), Record{});
    EXPECT_TRUE(store.list().empty());
    EXPECT_FALSE(fs::exists(folder / "state"));
}

TEST_F(ComponentStoreTest, MarkersCanBeComparedByCmp) {
    store.write_installed(marker("one"));
    store.write_activated(marker("one"));
    EXPECT_EQ(test::read_text(folder / "state/components/app/.installed"),
              test::read_text(folder / "state/components/app/.activated"));
    store.write_installed(marker("two"));
    EXPECT_EQ(store.installed("app")->artifact, sha256_of("two"));
    EXPECT_EQ(store.activated("app")->artifact, sha256_of("one"));
}

TEST_F(ComponentStoreTest, StatusCanReadItWithoutRoot) {
    store.write_installed(marker("one"));
    EXPECT_EQ(mode_of(folder / "state"), 0711U);
    EXPECT_EQ(mode_of(folder / "state/components"), 0755U);
    EXPECT_EQ(mode_of(folder / "state/components/app"), 0755U);
    EXPECT_EQ(mode_of(folder / "state/components/app/.installed"), 0644U);
}

TEST_F(ComponentStoreTest, ParentsOfTheStateDirectoryAreOrdinaryFolders) {
    make_state_dir(folder / "var/lib/provisor");
    EXPECT_EQ(mode_of(folder / "var"), 0755U);
    EXPECT_EQ(mode_of(folder / "var/lib"), 0755U);
    EXPECT_EQ(mode_of(folder / "var/lib/provisor"), 0711U);
}

TEST_F(ComponentStoreTest, ADamagedMarkerIsUnknownAndANewerOneIsRefused) {
    store.write_installed(marker("one"));
    test::write_text(folder / "state/components/app/.installed", "{\"schema\": 1, \"comp");
    EXPECT_FALSE(store.installed("app"));
    test::write_text(folder / "state/components/app/.installed", "{\"schema\": 7}");
    try {
        store.installed("app");
        FAIL() << "a newer schema was read";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("/app/.installed"), std::string::npos)
            << error.what();
    }
}

TEST_F(ComponentStoreTest, WhatWasWrittenOfManyFilesIsRead) {
    // What the largest manifest may name.
    constexpr std::size_t many = 50'000;
    Marker large = marker("one");
    Record record;
    for (std::size_t i = 0; i < many; ++i) {
        const std::string path = "/opt/" + std::string(80, 'x') + std::to_string(i);
        large.files.push_back({path, sha256_of("one"), 0644, "root", "root"});
        record.hashed.push_back({path, {1, i, 2, 3, 4}, sha256_of("one")});
    }
    store.write_installed(large);
    store.write_record("app", record);
    ASSERT_TRUE(store.installed("app"));
    EXPECT_EQ(store.installed("app")->files.size(), many + 1);
    EXPECT_EQ(store.record("app").hashed.size(), many);
}

TEST_F(ComponentStoreTest, AReleaseWithoutAHoldMakesNothing) {
    store.remove_hold("app");
    EXPECT_FALSE(fs::exists(folder / "state"));
    store.write_hold("app", "wait for the vendor");
    EXPECT_EQ(store.hold("app"), "wait for the vendor");
    store.remove_hold("app");
    EXPECT_FALSE(store.hold("app"));
}

TEST_F(ComponentStoreTest, AFileAmongTheFoldersOfComponentsIsNone) {
    store.write_installed(marker("one"));
    test::write_text(folder / "state/components/README", "somebody's note");
    EXPECT_EQ(store.list(), std::vector<std::string>{"app"});
}

TEST_F(ComponentStoreTest, ListsByName) {
    Marker other = marker("x");
    other.component = "aaa";
    store.write_installed(marker("one"));
    store.write_installed(other);
    EXPECT_EQ(store.list(), (std::vector<std::string>{"aaa", "app"}));
}

TEST_F(ComponentStoreTest, HalfAListIsNone) {
    store.write_installed(marker("one"));
    test::run_with_failing_call(__NR_getdents64, EIO, [&] { EXPECT_THROW(store.list(), Error); });
    test::run_with_failing_call(__NR_openat, EMFILE, [&] { EXPECT_THROW(store.list(), Error); });
    EXPECT_EQ(store.list(), std::vector<std::string>{"app"});
}

} // namespace
} // namespace provisor
