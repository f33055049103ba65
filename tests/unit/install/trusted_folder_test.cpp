// SPDX-License-Identifier: Apache-2.0
#include "install/trusted_folder.hpp"

#include "base/error.hpp"
#include "install/staging.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::list_tree;
using test::TemporaryFolder;
using testing::HasSubstr;

class TrustedFolder : public testing::Test {
protected:
    TrustedFolder() { paths.root = folder.path(); }
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "*** only root can give folders away ***";
    }

    fs::path make(const std::string& path, mode_t mode = 0755) {
        fs::create_directories(folder / path);
        EXPECT_EQ(::chmod((folder / path).c_str(), mode), 0);
        return folder / path;
    }
    void give_away(const std::string& path) {
        EXPECT_EQ(::lchown((folder / path).c_str(), 12'345, 12'345), 0);
    }
    void link(const std::string& to, const std::string& path) {
        fs::create_directories((folder / path).parent_path());
        fs::create_symlink(to, folder / path);
    }
    /// The error when a file is staged there, which makes nothing then; "" without one.
    std::string trouble(const std::string& path, mode_t mode = 0755,
                        const std::string& owner = "root") {
        const auto before = list_tree(folder.path());
        try {
            Staging staging(paths);
            staging.stage_text({path, "", mode, owner, "root"}, "x");
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::io);
            EXPECT_EQ(list_tree(folder.path()), before) << "something was made on the way";
            return error.what();
        }
        return "";
    }

    TemporaryFolder folder;
    Paths paths;
};

TEST_F(TrustedFolder, IsOneThatIsRootsAllTheWay) {
    make("opt/ours/bin");
    EXPECT_EQ(trouble("/opt/ours/bin/app"), "");
    EXPECT_EQ(trouble("/opt/ours/new/bin/app"), "") << "what is missing is made";
    EXPECT_EQ(trouble("/app"), "");
}

TEST_F(TrustedFolder, IsNotBelowOneOfAStranger) {
    make("opt/theirs/bin");
    give_away("opt/theirs");
    EXPECT_THAT(trouble("/opt/theirs/bin/app"),
                HasSubstr("directory '" + (folder / "opt/theirs").string() + "', on the way to '" +
                          (folder / "opt/theirs/bin/app").string() + "', belongs to uid 12345"));
    EXPECT_NE(trouble("/opt/theirs/new/app"), "") << "and nothing is made there";
    EXPECT_NE(trouble("/opt/theirs/app"), "");
}

TEST_F(TrustedFolder, IsNotBelowOneThatEverybodyMayWrite) {
    make("opt/open/bin");
    make("opt/open", 0777);
    EXPECT_THAT(trouble("/opt/open/bin/app"), HasSubstr("is writable by everybody"));
    make("opt/open", 0775);
    EXPECT_EQ(trouble("/opt/open/bin/app"), "") << "groups are left to the administrator";
}

TEST_F(TrustedFolder, IsClosedToGroupsForSetIdFilesAndOtherOwners) {
    make("opt/team/bin");
    make("opt/ours");
    make("opt/team", 0775);
    link("../team/bin", "opt/ours/link");
    for (const char* path : {"/opt/team/bin/app", "/opt/team/app", "/opt/ours/link/app"}) {
        EXPECT_EQ(trouble(path, 0755), "") << "groups are left to the administrator";
        for (const std::string& why : {trouble(path, 04755), trouble(path, 02755),
                                       trouble(path, 06711), trouble(path, 0755, "4711")})
            EXPECT_THAT(why, HasSubstr("may be written by its group (gid 0): a file with a set-id "
                                       "bit, with capabilities or of another owner than root is "
                                       "not installed there; "
                                       "take that right away (chmod g-w '" +
                                       (folder / "opt/team").string() + "')"))
                << path;
    }
    make("opt/team", 0755);
    EXPECT_EQ(trouble("/opt/ours/link/app", 04755), "");
    EXPECT_EQ(trouble("/opt/team/app", 0755, "4711"), "");
    make("opt/team", 01775);
    EXPECT_EQ(trouble("/opt/team/app", 04755), "") << "each name is its owner's there";
}

TEST_F(TrustedFolder, MayBeBelowOneWithTheStickyBitWhenItIsRoots) {
    make("tmp/ours");
    make("tmp/theirs");
    make("tmp", 01777);
    give_away("tmp/theirs");
    EXPECT_EQ(trouble("/tmp/ours/app"), "");
    EXPECT_NE(trouble("/tmp/theirs/app"), "");
    make("opt");
    link("/opt", "tmp/link");
    EXPECT_EQ(trouble("/tmp/link/app"), "");
    give_away("tmp/link");
    EXPECT_THAT(trouble("/tmp/link/app"), HasSubstr("link '" + (folder / "tmp/link").string()));
}

TEST_F(TrustedFolder, IsNotWhereALinkOfAStrangersFolderLeads) {
    make("opt/ours");
    link("../ours", "opt/theirs/link");
    give_away("opt/theirs");
    EXPECT_THAT(trouble("/opt/theirs/link/app"), HasSubstr("belongs to uid 12345"));
    // Not even by a link that is root's, and back again.
    link("/opt/theirs/link", "srv/way");
    EXPECT_THAT(trouble("/srv/way/app"), HasSubstr("belongs to uid 12345"));
    link("../opt/theirs/../ours", "srv/around");
    EXPECT_THAT(trouble("/srv/around/app"), HasSubstr("belongs to uid 12345"));
    EXPECT_EQ(::lchown((folder / "opt/theirs").c_str(), 0, 0), 0);
    EXPECT_EQ(trouble("/srv/way/app"), "");
    EXPECT_EQ(trouble("/srv/around/app"), "");
}

TEST_F(TrustedFolder, LinksLeadToTheRootsOwnTopAndEndSomewhere) {
    make("opt/ours");
    link("/opt/ours", "srv/absolute");
    link("../../../../../opt/ours", "srv/climbing");
    link("round", "srv/round");
    EXPECT_EQ(trouble("/srv/absolute/app"), "");
    EXPECT_EQ(trouble("/srv/climbing/app"), "");
    EXPECT_NE(trouble("/srv/round/app"), "");
}

TEST_F(TrustedFolder, IsTheOneThatThePathLeadsTo) {
    make("opt/ours");
    const auto target = find_target("/opt/ours/app", paths);
    EXPECT_NO_THROW(require_trusted_folder("/opt/ours/app", *target, paths, Writers::group));
    fs::rename(folder / "opt/ours", folder / "opt/was");
    make("opt/ours");
    EXPECT_THROW(require_trusted_folder("/opt/ours/app", *target, paths, Writers::group), Error)
        << "it was swapped meanwhile";
    fs::remove_all(folder / "opt/ours");
    EXPECT_THROW(require_trusted_folder("/opt/ours/app", *target, paths, Writers::group), Error)
        << "it is gone meanwhile";
}

TEST_F(TrustedFolder, IsNotOneThatIsGivenAwayMeanwhile) {
    make("opt/ours");
    const auto target = find_target("/opt/ours/app", paths);
    give_away("opt/ours");
    try {
        require_trusted_folder("/opt/ours/app", *target, paths, Writers::group);
        ADD_FAILURE() << "somebody else may replace what is installed there";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("who could replace what is installed there"));
    }
}

TEST_F(TrustedFolder, IsFoundBehindLinksThatAreWrittenInRoundaboutWays) {
    make("opt/ours/bin");
    link("./ours/.//bin/", "opt/dotted");
    EXPECT_EQ(trouble("/opt/dotted/app"), "");
}

TEST_F(TrustedFolder, IsNotBehindWhatCannotBeFollowed) {
    make("opt/ours");
    test::write_text(folder / "opt/file", "no folder");
    EXPECT_THAT(trouble("/opt/file/app"), HasSubstr("Not a directory"));
    link("ours", "opt/link");
    test::run_with_failing_call(__NR_readlinkat, EIO, [&] {
        EXPECT_THAT(trouble("/opt/link/app"), HasSubstr("follow link '"));
    });
    EXPECT_EQ(trouble("/opt/link/app"), "");
}

TEST_F(TrustedFolder, HasANameThatAFileSystemHasRoomFor) {
    make("opt");
    EXPECT_THAT(trouble("/opt/" + std::string(300, 'x') + "/app"), HasSubstr("too long"));
}

TEST_F(TrustedFolder, OfWhoIsNotRootIsHisOwn) {
    constexpr uid_t user = 4711;
    ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
    make("opt/his");
    ASSERT_EQ(::chown((folder / "opt/his").c_str(), user, user), 0);
    test::run_as_user(user, [&] { EXPECT_EQ(trouble("/opt/his/app"), ""); });
    make("opt/theirs", 0777);
    test::run_as_user(user, [&] {
        EXPECT_THAT(trouble("/opt/theirs/app"), HasSubstr("is writable by everybody"));
    });
    make("opt/theirs", 0755);
    give_away("opt/theirs");
    test::run_as_user(
        user, [&] { EXPECT_THAT(trouble("/opt/theirs/app"), HasSubstr("belongs to uid 12345")); });
}

TEST_F(TrustedFolder, OfWhoIsNotRootMayHaveStrangersOnTheWay) {
    constexpr uid_t user = 4711;
    ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
    make("opt/open/his");
    make("opt/open", 0777);
    ASSERT_EQ(::chown((folder / "opt/open/his").c_str(), user, user), 0);
    test::run_as_user(user, [&] { EXPECT_EQ(trouble("/opt/open/his/app"), ""); });
}

} // namespace
} // namespace provisor
