// SPDX-License-Identifier: Apache-2.0
#include "install/staging.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "install/target.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"
#include "support/tree_listing.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::list_tree;
using test::read_text;
using test::run_as_user;
using test::run_without_capabilities;
using test::TemporaryFolder;
using test::write_text;
using testing::HasSubstr;
using testing::Not;

template <typename Work>
std::string failure_of(Work&& work) {
    try {
        work();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::io);
        return error.what();
    }
    return "none";
}

class StagingTest : public testing::Test {
protected:
    StagingTest() {
        paths.root = folder.path();
        fs::create_directories(folder / "opt");
    }

    InstalledFile file(const std::string& path, const std::string& content, mode_t mode = 0755) {
        return {path, sha256_of(content), mode, "root", "root"};
    }

    Fd blob(const std::string& content) {
        write_text(folder / "blob", content);
        return Fd(::open((folder / "blob").c_str(), O_RDONLY));
    }

    std::size_t temporaries() {
        std::size_t count = 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
            count += entry.path().filename().string().starts_with(".provisor-") ? 1 : 0;
        return count;
    }

    std::set<mode_t> modes_of_temporaries() {
        std::set<mode_t> modes;
        struct stat facts {};
        for (const auto& entry : fs::directory_iterator(folder / "opt"))
            if (entry.path().filename().string().starts_with(".provisor-") &&
                ::lstat(entry.path().c_str(), &facts) == 0)
                modes.insert(facts.st_mode & 07777);
        return modes;
    }

    TemporaryFolder folder;
    Paths paths;
    Interrupt interrupt;
};

TEST_F(StagingTest, PutsContentAndModeInPlaceTogether) {
    Staging staging(paths);
    staging.stage_blob(file("/opt/app", "new", 0750), blob("new").get(), interrupt);
    EXPECT_FALSE(fs::exists(folder / "opt/app")) << "nothing at the target before commit";
    staging.commit();
    EXPECT_EQ(read_text(folder / "opt/app"), "new");
    struct stat facts {};
    ASSERT_EQ(::stat((folder / "opt/app").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0750U);
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(StagingTest, WhatIsLentIsForOneGroupAndIsInstalledAsItShouldBe) {
    Staging staging(paths);
    staging.stage_blob(file("/opt/app", "new", 04755), blob("new").get(), interrupt);
    staging.stage_blob(file("/opt/data", "new", 0644), blob("new").get(), interrupt);
    const gid_t group = ::geteuid() == 0 ? 65534 : ::getegid();
    const auto mode_of = [](const fs::path& path, gid_t wanted) {
        struct stat facts {};
        EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
        EXPECT_EQ(facts.st_gid, wanted) << path;
        return facts.st_mode & 07777;
    };
    EXPECT_EQ(modes_of_temporaries(), std::set<mode_t>{0600}) << "before anything was checked";
    const fs::path lent = staging.lend("/opt/app", group);
    EXPECT_EQ(lent.parent_path(), folder / "opt");
    EXPECT_TRUE(lent.filename().string().starts_with(".provisor-"));
    EXPECT_EQ(mode_of(lent, group), 0550U);
    EXPECT_EQ(mode_of(staging.lend("/opt/data", group), group), 0440U);
    staging.take_back("/opt/app");
    EXPECT_TRUE(staging.has("/opt/data"));
    staging.discard("/opt/data");
    EXPECT_EQ(modes_of_temporaries(), std::set<mode_t>{0600}) << "nobody else sees it any more";
    EXPECT_FALSE(staging.has("/opt/data"));
    staging.commit();
    EXPECT_EQ(mode_of(folder / "opt/app", ::getegid()), 04755U);
    EXPECT_FALSE(fs::exists(folder / "opt/data"));
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(StagingTest, ARunningOrOpenFileKeepsItsOldBytes) {
    write_text(folder / "opt/app", "old");
    const Fd open_file(::open((folder / "opt/app").c_str(), O_RDONLY));
    Staging staging(paths);
    staging.stage_blob(file("/opt/app", "new"), blob("new").get(), interrupt);
    staging.commit();
    EXPECT_EQ(sha256_of_fd(open_file.get(), interrupt, "old"), sha256_of("old"));
}

TEST_F(StagingTest, ASecondHardLinkKeepsTheOldContent) {
    write_text(folder / "opt/app", "old");
    fs::create_hard_link(folder / "opt/app", folder / "opt/link");
    Staging staging(paths);
    staging.stage_blob(file("/opt/app", "new"), blob("new").get(), interrupt);
    staging.commit();
    EXPECT_EQ(read_text(folder / "opt/link"), "old");
}

TEST_F(StagingTest, ADamagedBlobReachesNoTarget) {
    write_text(folder / "opt/app", "old");
    const auto before = list_tree(folder / "opt/app");
    try {
        Staging staging(paths);
        staging.stage_blob(file("/opt/app", "what was recorded"), blob("damaged").get(), interrupt);
        FAIL() << "a damaged blob was staged";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::digest);
    }
    EXPECT_EQ(list_tree(folder / "opt/app"), before);
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(StagingTest, ABlobThatCannotBeReadReachesNoTarget) {
    const Fd unreadable(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_THAT(failure_of([&] {
                    Staging(paths).stage_blob(file("/opt/app", "x"), unreadable.get(), interrupt);
                }),
                HasSubstr("read the cached blob"));
    EXPECT_FALSE(fs::exists(folder / "opt/app"));
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(StagingTest, NoStepThatFailsIsTakenForDone) {
    write_text(folder / "opt/app", "old");
    struct Row {
        std::uint32_t call;
        const char* told;
    };
    for (const Row& row : {Row{__NR_fchmod, "set mode 0755"}, Row{__NR_fchown, "give it to 1:1"},
                           Row{__NR_write, "stage '"}, Row{__NR_newfstatat, "look at '"},
                           Row{__NR_fsync, "sync stage '"}}) {
        InstalledFile wanted = file("/opt/app", "new");
        wanted.owner = wanted.group = ::geteuid() == 0 ? "1" : "root";
        if (row.call == __NR_fchown && ::geteuid() != 0)
            continue;
        std::string why;
        test::run_with_failing_call(row.call, EIO, [&] {
            why = failure_of([&] {
                Staging staging(paths);
                staging.stage_text(wanted, "new");
                staging.commit();
            });
        });
        EXPECT_THAT(why, HasSubstr(row.told));
        EXPECT_EQ(temporaries(), 0U) << row.told;
    }
    EXPECT_EQ(read_text(folder / "opt/app"), "old");
}

TEST_F(StagingTest, ATargetThatCannotBeOpenedIsTold) {
    write_text(folder / "opt/app", "old");
    const auto target = find_target("/opt/app", paths);
    test::run_with_failing_call(__NR_openat, EMFILE, [&] {
        EXPECT_THAT(failure_of([&] { target->open(); }), HasSubstr("/opt/app"));
    });
    test::run_with_failing_call(__NR_newfstatat, EIO, [&] {
        EXPECT_THAT(failure_of([&] { target->look(); }), HasSubstr("look at '"));
    });
    EXPECT_TRUE(target->look());
}

TEST_F(StagingTest, ALoanThatFailsIsNone) {
    Staging staging(paths);
    staging.stage_text(file("/opt/app", "new"), "new");
    const gid_t group = ::getegid();
    std::string why;
    test::run_with_failing_call(
        __NR_fchmod, EIO, [&] { why = failure_of([&] { staging.lend("/opt/app", group); }); });
    EXPECT_THAT(why, HasSubstr("let the check of"));
}

TEST_F(StagingTest, ARetiredFileThatCannotBeRemovedIsTold) {
    write_text(folder / "opt/app", "old");
    std::string why;
    test::run_with_failing_call(__NR_unlinkat, EIO, [&] {
        why = failure_of([&] { remove_retired({file("/opt/app", "old")}, paths, interrupt); });
    });
    EXPECT_THAT(why, HasSubstr("remove '"));
    EXPECT_EQ(read_text(folder / "opt/app"), "old");
    test::run_with_failing_call(__NR_unlinkat, ENOENT, [&] {
        EXPECT_NO_THROW(remove_retired({file("/opt/app", "old")}, paths, interrupt))
            << "somebody else was quicker";
    });
}

TEST_F(StagingTest, WithoutCommitNothingHappens) {
    write_text(folder / "opt/app", "old");
    {
        Staging staging(paths);
        staging.stage_blob(file("/opt/app", "new"), blob("new").get(), interrupt);
        staging.stage_text(file("/opt/other", "text", 0644), "text");
        EXPECT_EQ(temporaries(), 2U);
    }
    EXPECT_EQ(read_text(folder / "opt/app"), "old");
    EXPECT_FALSE(fs::exists(folder / "opt/other"));
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(StagingTest, AnInterruptedCopyLeavesNothing) {
    interrupt.raise();
    {
        Staging staging(paths);
        EXPECT_THROW(staging.stage_blob(file("/opt/app", "new"), blob("new").get(), interrupt),
                     Interrupted);
    }
    EXPECT_FALSE(fs::exists(folder / "opt/app"));
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(StagingTest, MakesMissingFoldersReadableForAll) {
    Staging staging(paths);
    staging.stage_text(file("/srv/a/b/app", "x"), "x");
    staging.commit();
    for (const char* name : {"srv", "srv/a", "srv/a/b"}) {
        struct stat facts {};
        ASSERT_EQ(::stat((folder / name).c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 07777, 0755U) << name;
    }
}

TEST_F(StagingTest, RefusesAFolderThatEverybodyMayWrite) {
    fs::create_directories(folder / "tmp");
    fs::permissions(folder / "tmp", fs::perms::all | fs::perms::sticky_bit);
    Staging staging(paths);
    EXPECT_THROW(staging.stage_text(file("/tmp/app", "x"), "x"), Error);
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(StagingTest, ALinkInsideOfARootCannotLeadOut) {
    const TemporaryFolder outside;
    fs::create_symlink(outside.path(), folder / "usr");
    fs::create_directories(folder.path() / outside.path().relative_path());
    Staging staging(paths);
    staging.stage_text(file("/usr/bin/app", "x"), "x");
    staging.commit();
    EXPECT_TRUE(fs::is_empty(outside.path())) << "a file was written outside of the root";
    EXPECT_TRUE(fs::exists(folder.path() / outside.path().relative_path() / "bin/app"))
        << "an absolute link is followed from the root's own top";
}

TEST_F(StagingTest, AFailedRenameNamesTheTargetAndKeepsIt) {
    write_text(folder / "opt/app/inside", "a folder is in the way");
    Staging staging(paths);
    staging.stage_text(file("/opt/app", "x"), "x");
    try {
        staging.commit();
        FAIL() << "a folder was replaced by a file";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::io);
        EXPECT_NE(std::string(error.what()).find("/opt/app"), std::string::npos);
    }
    EXPECT_TRUE(fs::exists(folder / "opt/app/inside"));
}

TEST_F(StagingTest, SaysOfATargetThatIsAMountThatItIsOne) {
    write_text(folder / "opt/app", "old");
    write_text(folder / "other", "of another disk");
    bool mounted = false;
    std::thread([&] {
        mounted = ::unshare(CLONE_NEWNS) == 0 &&
                  ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  ::mount((folder / "other").c_str(), (folder / "opt/app").c_str(), nullptr,
                          MS_BIND, nullptr) == 0;
        if (!mounted)
            return;
        try {
            Staging staging(paths);
            staging.stage_text(file("/opt/app", "x"), "x");
            staging.commit();
            ADD_FAILURE() << "a mount was replaced by a file";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::io);
            EXPECT_NE(std::string(error.what()).find("it is a mount point"), std::string::npos)
                << error.what();
        }
        EXPECT_EQ(read_text(folder / "opt/app"), "of another disk");
        ::umount2((folder / "opt/app").c_str(), MNT_DETACH);
    }).join();
    if (!mounted)
        GTEST_SKIP() << "*** nothing can be mounted: a target that is a mount is not tested ***";
    EXPECT_EQ(read_text(folder / "opt/app"), "old");
    EXPECT_EQ(temporaries(), 0U);
}

class StagingInASandbox : public StagingTest {
protected:
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "*** not root: what root lacks in a sandbox is not tested ***";
        paths.own_unit = "provisor.service";
        // Where root alone writes also without the right to write everywhere.
        ASSERT_EQ(::chown((folder / "opt").c_str(), 0, 0), 0);
        given_away.owner = given_away.group = "1";
    }

    InstalledFile given_away = file("/opt/app", "new");
};

TEST_F(StagingInASandbox, FilesOfRootNeedNoCapability) {
    run_without_capabilities([&] {
        Staging staging(paths);
        staging.stage_text(file("/opt/app", "new"), "new");
        staging.commit();
    });
    EXPECT_EQ(read_text(folder / "opt/app"), "new");
}

TEST_F(StagingInASandbox, SaysWhatLetsItGiveFilesToOthers) {
    write_text(folder / "opt/app", "old");
    run_without_capabilities([&] {
        const auto install = [&] {
            Staging staging(paths);
            staging.stage_text(given_away, "new");
            staging.commit();
        };
        EXPECT_THAT(failure_of(install),
                    testing::AllOf(HasSubstr("give it to 1:1"), HasSubstr("provisor.service"),
                                   HasSubstr("this adds them: ")));
        paths.own_unit.clear();
        EXPECT_THAT(failure_of(install),
                    testing::AllOf(HasSubstr("give it to 1:1"), Not(HasSubstr("this adds them"))))
            << "there is no unit whose sandbox could be opened";
    });
    EXPECT_EQ(read_text(folder / "opt/app"), "old");
    EXPECT_EQ(temporaries(), 0U);
}

TEST_F(StagingInASandbox, SaysOfAReadOnlyFolderWhatLetsItWriteThere) {
    write_text(folder / "opt/app", "old");
    bool mounted = false;
    std::thread([&] {
        const std::string opt = folder / "opt";
        mounted =
            ::unshare(CLONE_NEWNS) == 0 &&
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
            ::mount(opt.c_str(), opt.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
            ::mount(nullptr, opt.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0;
        if (!mounted)
            return;
        for (const char* path : {"/opt/app", "/opt/new/app"}) {
            paths.own_unit = "provisor.service";
            for (const std::string& why :
                 {failure_of([&] { Staging(paths).stage_text(file(path, "x"), "x"); }),
                  failure_of([&] { require_writable(path, paths); })})
                EXPECT_THAT(why, testing::AllOf(HasSubstr("sandbox of provisor.service"),
                                                HasSubstr("this adds it: ")))
                    << path;
            paths.own_unit.clear();
            EXPECT_THAT(failure_of([&] { require_writable(path, paths); }),
                        testing::AllOf(HasSubstr("it is mounted read-only"),
                                       Not(HasSubstr("this adds it"))));
        }
        EXPECT_NO_THROW(require_writable("/srv/app", paths));
        EXPECT_THAT(
            failure_of([&] { remove_retired({file("/opt/app", "old")}, paths, interrupt); }),
            testing::AllOf(HasSubstr("remove '"), HasSubstr("it is mounted read-only")));
        ::umount2(opt.c_str(), MNT_DETACH);
    }).join();
    if (!mounted)
        GTEST_SKIP() << "*** nothing can be mounted: a read-only folder is not tested ***";
    EXPECT_EQ(read_text(folder / "opt/app"), "old");
    EXPECT_FALSE(fs::exists(folder / "opt/new"));
}

TEST_F(StagingInASandbox, OfWhoIsNotRootLeavesOwnersAsTheyCome) {
    constexpr uid_t user = 4711;
    ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
    ASSERT_EQ(::chown((folder / "opt").c_str(), user, user), 0);
    paths.own_unit.clear();
    run_as_user(user, [&] {
        Staging staging(paths);
        staging.stage_text(given_away, "new");
        staging.lend(given_away.path, user + 1); // a group that is not his
        staging.take_back(given_away.path);
        staging.commit();
    });
    struct stat facts {};
    ASSERT_EQ(::stat((folder / "opt/app").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, user);
    EXPECT_EQ(facts.st_mode & 07777, 0755U);
}

TEST_F(StagingInASandbox, LendsToAllWhatAllMayReadAndNothingElse) {
    run_without_capabilities([&] {
        Staging staging(paths);
        staging.stage_text(file("/opt/app", "new", 0755), "new");
        staging.stage_text(file("/opt/data", "new", 0644), "new");
        staging.stage_text(file("/opt/secret", "new", 0640), "new");
        const auto mode_of_lent = [&](const char* path) {
            struct stat facts {};
            EXPECT_EQ(::stat(staging.lend(path, 65534).c_str(), &facts), 0);
            return facts.st_mode & 07777;
        };
        EXPECT_EQ(mode_of_lent("/opt/app"), 0555U);
        EXPECT_EQ(mode_of_lent("/opt/data"), 0444U);
        EXPECT_THAT(failure_of([&] { staging.lend("/opt/secret", 65534); }),
                    testing::AllOf(HasSubstr("let the check of"), HasSubstr("this adds them: ")));
        paths.own_unit.clear();
        EXPECT_THAT(failure_of([&] { staging.lend("/opt/app", 65534); }),
                    testing::AllOf(HasSubstr("let the check of"), Not(HasSubstr("this adds them"))))
            << "there is no sandbox that would explain it";
    });
    struct stat facts {};
    for (const auto& entry : fs::directory_iterator(folder / "opt"))
        if (::stat(entry.path().c_str(), &facts) == 0 && facts.st_gid == 65534)
            ADD_FAILURE() << entry.path() << " was given away";
}

TEST_F(StagingTest, SaysOfATemporaryThatIsGoneThatItIs) {
    Staging staging(paths);
    staging.stage_text(file("/opt/app", "x"), "x");
    for (const auto& entry : fs::directory_iterator(folder / "opt"))
        fs::remove(entry.path());
    EXPECT_THAT(failure_of([&] { staging.take_back("/opt/app"); }), HasSubstr("No such file"));
    EXPECT_THAT(failure_of([&] { staging.commit(); }), HasSubstr("No such file"));
    EXPECT_FALSE(fs::exists(folder / "opt/app"));
}

TEST_F(StagingTest, SweepRemovesOnlyItsOwnLeftovers) {
    write_text(folder / "opt/.provisor-0123456789abcdef", "left over");
    write_text(folder / "opt/.other", "somebody else's");
    write_text(folder / "elsewhere/.provisor-0123456789abcdef", "not a folder of any target");
    std::set<std::string> done;
    const auto removed = sweep_temporaries({"/opt/app", "/opt/b", "/none/c"}, paths, done);
    ASSERT_EQ(removed.size(), 1U);
    EXPECT_EQ(removed[0], folder / "opt/.provisor-0123456789abcdef");
    EXPECT_TRUE(fs::exists(folder / "opt/.other"));
    EXPECT_TRUE(fs::exists(folder / "elsewhere/.provisor-0123456789abcdef"));
}

TEST_F(StagingTest, ARetiredNameThatIsNoFileAnyMoreStays) {
    fs::create_symlink("elsewhere", folder / "opt/link");
    fs::create_directories(folder / "opt/folder");
    EXPECT_TRUE(remove_retired(
                    {file("/opt/link", "x"), file("/opt/folder", "x"), file("/no/folder/app", "x")},
                    paths, interrupt)
                    .empty());
    EXPECT_TRUE(fs::is_symlink(folder / "opt/link"));
    EXPECT_TRUE(fs::is_directory(folder / "opt/folder"));
}

TEST_F(StagingTest, RoomIsLookedForWhereMissingFoldersWouldBeMade) {
    constexpr std::uint64_t more_than_there_is = std::uint64_t{1} << 60U;
    for (const char* path : {"/opt/app", "/opt/a/b/app"}) {
        EXPECT_NO_THROW(require_room_at(path, 1, 0, paths));
        try {
            require_room_at(path, more_than_there_is, 0, paths);
            ADD_FAILURE() << "there is no such room: " << path;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::space);
            EXPECT_THAT(error.what(), HasSubstr((folder / "opt").string()));
        }
    }
    EXPECT_FALSE(fs::exists(folder / "opt/a")) << "looking makes nothing";
}

TEST_F(StagingTest, RetiredFilesGoUnlessSomebodyChangedThem) {
    write_text(folder / "opt/mine", "as installed");
    write_text(folder / "opt/changed", "edited since");
    const auto removed =
        remove_retired({file("/opt/mine", "as installed"), file("/opt/changed", "as installed"),
                        file("/opt/gone", "x")},
                       paths, interrupt);
    EXPECT_EQ(removed, std::vector<std::string>{"/opt/mine"});
    EXPECT_FALSE(fs::exists(folder / "opt/mine"));
    EXPECT_TRUE(fs::exists(folder / "opt/changed"));
}

} // namespace
} // namespace provisor
