// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include "base/error.hpp"
#include "base/temporary_name.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"
#include "support/tree_listing.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

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

TEST(SweepTemporaries, RemovesThemAndNothingElse) {
    const TemporaryFolder folder;
    const std::string name = temporary_name();
    test::write_text(folder / name, "left over");
    test::write_text(folder / ".other", "of somebody else");
    test::write_text(folder / ".provisor-notes", "of somebody who writes down what is to be done");
    test::write_text(folder / (name + "~"), "of an editor");
    test::write_text(folder / "below" / name, "in another directory");
    EXPECT_EQ(sweep_temporaries(folder.path()), std::vector<std::string>{name});
    EXPECT_EQ(test::list_tree(folder.path()).size(), 6U);
    EXPECT_TRUE(sweep_temporaries(folder / "none").empty());
}

TEST(SweepTemporaries, OfAFolderThatCannotBeReadRemovesNothing) {
    const TemporaryFolder folder;
    test::write_text(folder / temporary_name(), "left over");
    test::run_with_failing_call(__NR_getdents64, EIO,
                                [&] { EXPECT_TRUE(sweep_temporaries(folder.path()).empty()); });
    EXPECT_EQ(sweep_temporaries(folder.path()).size(), 1U);
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

// --- no inode is free

/// A file system in memory for this many files beside its own folder, of this thread alone.
void on_disk_for(unsigned files, const std::function<void(const std::filesystem::path&)>& test) {
    const TemporaryFolder folder;
    const std::string options = "size=1M,nr_inodes=" + std::to_string(files + 1);
    bool mounted = false;
    std::thread([&] {
        mounted = ::unshare(CLONE_NEWNS) == 0 &&
                  ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
        if (!mounted)
            return;
        test(folder.path());
        ::umount2(folder.path().c_str(), MNT_DETACH);
    }).join();
    if (!mounted)
        GTEST_SKIP() << "*** no tmpfs can be mounted: running out of inodes is not tested ***";
}

template <typename Function>
std::string trouble_of(Function function) {
    try {
        function();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::space);
        return error.what();
    }
    return "";
}

TEST(NoInodeIsFree, IsWhatFilesAndFoldersThatCannotBeMadeSay) {
    on_disk_for(1, [](const std::filesystem::path& folder) {
        replace_file(folder / "only", "one", 0644, Durable::no);
        for (const std::string& told :
             {trouble_of([&] { replace_file(folder / "x", "new", 0644, Durable::no); }),
              trouble_of([&] { replace_file(folder / "x", "new", 0644, Durable::no, folder); }),
              trouble_of([&] { make_directories(folder / "a/b", 0755, Durable::no); })})
            EXPECT_NE(told.find("no inode is free in '" + folder.string() + "'"), std::string::npos)
                << told;
    });
}

TEST(NoInodeIsFree, IsNotSaidOfADiskWithoutBytes) {
    on_disk_for(100, [](const std::filesystem::path& folder) {
        const std::string told = trouble_of(
            [&] { replace_file(folder / "x", std::string(2'000'000, 'x'), 0644, Durable::no); });
        EXPECT_NE(told.find("No space left"), std::string::npos) << told;
        EXPECT_EQ(told.find("inode"), std::string::npos) << told;
        EXPECT_STREQ(making_error(ENOSPC, "x", folder).what(), system_error(ENOSPC, "x").what());
    });
}

} // namespace
} // namespace provisor
