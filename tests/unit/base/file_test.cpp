// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include "base/error.hpp"
#include "support/temporary_folder.hpp"
#include "support/tree_listing.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

using test::TemporaryFolder;

TEST(ReadFile, IsAbsentForAMissingFile) {
    const TemporaryFolder folder;
    EXPECT_EQ(read_file(folder / "nothing", 100), std::nullopt);
    EXPECT_EQ(read_file(folder / "nothing" / "below", 100), std::nullopt);
}

TEST(ReadFile, RefusesMoreThanItsLimit) {
    const TemporaryFolder folder;
    test::write_text(folder / "x", std::string(101, 'a'));
    EXPECT_EQ(read_file(folder / "x", 101), std::string(101, 'a'));
    try {
        read_file(folder / "x", 100);
        FAIL() << "101 bytes were read under a limit of 100";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::size);
    }
}

TEST(ReplaceFile, SwapsTheNameAndLeavesTheOldInodeToItsReaders) {
    const TemporaryFolder folder;
    replace_file(folder / "x", "old", 0600, Durable::yes);
    std::ifstream reader(folder / "x");
    replace_file(folder / "x", "new", 0644, Durable::yes);
    std::string seen;
    reader >> seen;
    EXPECT_EQ(seen, "old");
    EXPECT_EQ(test::read_text(folder / "x"), "new");
    struct stat facts {};
    ASSERT_EQ(::stat((folder / "x").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0644U);
}

TEST(ReplaceFile, LeavesNothingBehindWhenItFails) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "x");
    test::write_text(folder / "x/y", "in the way");
    EXPECT_THROW(replace_file(folder / "x", "new", 0644, Durable::yes), Error);
    EXPECT_EQ(test::list_tree(folder.path()).size(), 3U) << "folder, x and x/y";
}

TEST(ReplaceFile, WritesItsTemporaryFileWhereItIsTold) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder / "x");
    const auto before = test::list_tree(folder / "x");
    EXPECT_THROW(replace_file(folder / "x/y", "new", 0644, Durable::yes, folder / "none"), Error);
    EXPECT_EQ(test::list_tree(folder / "x"), before) << "it was not begun beside the file";
    std::filesystem::create_directory(folder / "begun");
    replace_file(folder / "x/y", "new", 0644, Durable::yes, folder / "begun");
    EXPECT_EQ(test::read_text(folder / "x/y"), "new");
    EXPECT_TRUE(std::filesystem::is_empty(folder / "begun"));
}

TEST(SweepTemporaries, RemovesWhatBeginsLikeThemAndNothingElse) {
    const TemporaryFolder folder;
    test::write_text(folder / ".provisor-1", "left over");
    test::write_text(folder / ".other", "of somebody else");
    test::write_text(folder / "below/.provisor-1", "in another folder");
    EXPECT_EQ(sweep_temporaries(folder.path()), std::vector<std::string>{".provisor-1"});
    EXPECT_EQ(test::list_tree(folder.path()).size(), 4U);
    EXPECT_TRUE(sweep_temporaries(folder / "none").empty());
}

TEST(MakeDirectories, MakesEveryMissingParentWithTheMode) {
    const TemporaryFolder folder;
    make_directories(folder / "a/b/c", 0711, Durable::yes);
    for (const char* name : {"a", "a/b", "a/b/c"}) {
        struct stat facts {};
        ASSERT_EQ(::stat((folder / name).c_str(), &facts), 0) << name;
        EXPECT_EQ(facts.st_mode & 07777, 0711U) << name;
    }
    const auto before = test::list_tree(folder.path());
    make_directories(folder / "a/b/c", 0755, Durable::yes);
    EXPECT_EQ(test::list_tree(folder.path()), before) << "what is there is left alone";
}

} // namespace
} // namespace provisor
