// SPDX-License-Identifier: Apache-2.0
#include "base/strict_files.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr uid_t stranger = 1500;

class StrictFiles : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "*** only root can give files away ***";
        make("conf");
        test::write_text(root / "conf/file", "text");
    }

    fs::path make(const std::string& path, mode_t mode = 0755) {
        fs::create_directories(root / path);
        EXPECT_EQ(::chmod((root / path).c_str(), mode), 0);
        return root / path;
    }
    void set_mode(const std::string& path, mode_t mode) {
        ASSERT_EQ(::chmod((root / path).c_str(), mode), 0);
    }
    void give_away(const std::string& path) {
        ASSERT_EQ(::lchown((root / path).c_str(), stranger, stranger), 0);
    }
    void take_back(const std::string& path) { ASSERT_EQ(::lchown((root / path).c_str(), 0, 0), 0); }
    void link(const std::string& to, const std::string& path) {
        fs::create_directories((root / path).parent_path());
        fs::create_symlink(to, root / path);
    }

    /// The text of a file, "absent", or why it is refused.
    static std::string read(const fs::path& file, const FileRules& rules) {
        try {
            const auto opened = open_strictly(file, rules);
            if (!opened)
                return "absent";
            return opened->is_null ? "null" : read_to_end(opened->fd.get(), 100, "read");
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::config);
            return error.what();
        }
    }
    std::string read(const std::string& path) const {
        return read(root / path, {root.path(), true});
    }
    /// The same by its name in an opened directory.
    std::string read_in(const std::string& directory, const std::string& name) const {
        try {
            const auto opened = StrictDirectory::open(root / directory, {root.path(), true});
            if (!opened)
                return "no directory";
            const auto file = opened->open_file(name);
            return !file           ? "absent"
                   : file->is_null ? "null"
                                   : read_to_end(file->fd.get(), 100, "read");
        } catch (const Error& error) {
            return error.what();
        }
    }

    test::TemporaryFolder root;
};

TEST_F(StrictFiles, AreThoseThatRootAloneCanChange) {
    EXPECT_EQ(read("conf/file"), "text");
    EXPECT_EQ(read_in("conf", "file"), "text");
    EXPECT_EQ(read("conf/none"), "absent");
    EXPECT_EQ(read("none/none"), "absent");
    EXPECT_EQ(read_in("none", "none"), "no directory");
}

TEST_F(StrictFiles, AreNotThoseOfAStranger) {
    give_away("conf/file");
    const std::string file = (root / "conf/file").string();
    for (const std::string& said : {read("conf/file"), read_in("conf", "file")}) {
        EXPECT_THAT(said, HasSubstr("'" + file + "' belongs to uid 1500"));
        EXPECT_THAT(said, HasSubstr("`chown root: '" + file + "'; chmod go-w '" + file + "'`"));
    }
    EXPECT_EQ(StrictFiles::read(root / "conf/file", {root.path(), false}), "text")
        << "without that rule anybody's file is read";
}

TEST_F(StrictFiles, AreNotThoseThatAGroupOrOthersMayWrite) {
    set_mode("conf/file", 0664);
    EXPECT_THAT(read("conf/file"), HasSubstr("may be written by gid 0 (mode 0664)"));
    set_mode("conf/file", 0646);
    EXPECT_THAT(read_in("conf", "file"), HasSubstr("may be written by everybody (mode 0646)"));
    set_mode("conf/file", 0444);
    EXPECT_EQ(read("conf/file"), "text");
}

TEST_F(StrictFiles, AreNotBelowADirectoryThatOthersMayWrite) {
    make("way/conf");
    test::write_text(root / "way/conf/file", "text");
    for (const char* directory : {"way", "way/conf"}) {
        SCOPED_TRACE(directory);
        for (const mode_t mode : {0775U, 0757U, 0777U}) {
            set_mode(directory, mode);
            EXPECT_THAT(read("way/conf/file"),
                        AllOf(HasSubstr("directory '" + (root / directory).string() + "'"),
                              HasSubstr("may be written by")));
            EXPECT_THAT(read_in("way/conf", "file"), HasSubstr("may be written by"));
            EXPECT_THAT(read("way/conf/none"), HasSubstr("may be written by"))
                << "somebody may have taken it away";
        }
        set_mode(directory, 0755);
        give_away(directory);
        EXPECT_THAT(read("way/conf/file"), HasSubstr("belongs to uid 1500"));
        take_back(directory);
        EXPECT_EQ(read("way/conf/file"), "text");
    }
}

TEST_F(StrictFiles, MayBeBelowAStickyDirectoryOfRootsButNotBeFoundInIt) {
    make("tmp/ours");
    make("tmp/theirs");
    test::write_text(root / "tmp/ours/file", "text");
    test::write_text(root / "tmp/theirs/file", "text");
    test::write_text(root / "tmp/file", "text");
    set_mode("tmp", 01777);
    give_away("tmp/theirs");
    EXPECT_EQ(read("tmp/ours/file"), "text");
    EXPECT_EQ(read_in("tmp/ours", "file"), "text");
    EXPECT_THAT(read("tmp/theirs/file"), HasSubstr("belongs to uid 1500"));
    EXPECT_EQ(read("tmp/file"), "text") << "the one that was named";
    EXPECT_THAT(read_in("tmp", "file"), HasSubstr("may be written by everybody"))
        << "any that are there may be somebody's hard links";
    give_away("tmp/file");
    EXPECT_THAT(read("tmp/file"), HasSubstr("belongs to uid 1500"));
    // A stranger's link may lead anywhere tomorrow.
    link("/conf/file", "tmp/link");
    EXPECT_EQ(read("tmp/link"), "text");
    give_away("tmp/link");
    EXPECT_THAT(read("tmp/link"), HasSubstr("belongs to uid 1500"));
    give_away("tmp");
    EXPECT_THAT(read("tmp/ours/file"), HasSubstr("belongs to uid 1500"))
        << "who owns a sticky directory may rename all that is in it";
}

TEST_F(StrictFiles, AreNotWhereALinkLeadsToAStrangers) {
    make("srv/theirs");
    test::write_text(root / "srv/theirs/file", "text");
    link("/srv/theirs/file", "conf/absolute");
    link("../srv/theirs/file", "conf/relative");
    link("/srv/theirs", "way");
    give_away("srv/theirs");
    for (const char* path : {"conf/absolute", "conf/relative", "way/file"})
        EXPECT_THAT(read(path), HasSubstr("directory '" + (root / "srv/theirs").string() +
                                          "' belongs to uid 1500"))
            << path;
    EXPECT_THAT(read_in("conf", "absolute"), HasSubstr("belongs to uid 1500"));
    take_back("srv/theirs");
    give_away("srv/theirs/file");
    EXPECT_THAT(read("conf/absolute"), HasSubstr("belongs to uid 1500"));
    take_back("srv/theirs/file");
    for (const char* path : {"conf/absolute", "conf/relative", "way/file"})
        EXPECT_EQ(read(path), "text") << path;
}

TEST_F(StrictFiles, LeadNowhereOutOfTheRoot) {
    const test::TemporaryFolder host;
    test::write_text(host / "file", "the host's");
    link((host / "file").string(), "conf/absolute");
    link("../../../../../../../../.." + (host / "file").string(), "conf/climbing");
    EXPECT_THAT(read("conf/absolute"), HasSubstr("leads nowhere"));
    EXPECT_THAT(read("conf/climbing"), HasSubstr("leads nowhere"));
    // What has the same name in there is what is meant.
    const std::string same = (host / "file").string().substr(1);
    test::write_text(root / same, "the image's");
    EXPECT_EQ(read("conf/absolute"), "the image's");
    EXPECT_EQ(read("conf/climbing"), "the image's");
}

TEST_F(StrictFiles, TheRootIsVouchedForByWhoNamesIt) {
    set_mode("", 0777);
    EXPECT_EQ(read("conf/file"), "text");
    EXPECT_THAT(StrictFiles::read(root / "conf/file", {"", true}),
                HasSubstr("directory '" + root.path().string() + "' may be written by everybody"))
        << "and without one every directory counts";
    set_mode("", 0700);
    EXPECT_EQ(StrictFiles::read(root / "conf/file", {"", true}), "text");
}

TEST_F(StrictFiles, ALinkThatLeadsNowhereIsNoMissingFile) {
    link("/none/such", "conf/dangling");
    link("none", "here");
    link("/conf", "there");
    for (const std::string& said : {read("conf/dangling"), read_in("conf", "dangling")})
        EXPECT_THAT(said,
                    HasSubstr("link '" + (root / "conf/dangling").string() + "' leads nowhere"));
    EXPECT_THAT(read("here/file"), HasSubstr("leads nowhere"));
    EXPECT_THAT(read_in("here", "file"), HasSubstr("leads nowhere"));
    EXPECT_EQ(read("there/none"), "absent") << "the link itself leads somewhere";
    EXPECT_EQ(read_in("there", "none"), "absent");
}

TEST_F(StrictFiles, ALinkToDevNullIsOneAlsoWhereThereAreNoDevices) {
    link("/dev/null", "conf/link");
    EXPECT_EQ(read("conf/link"), "null");
    EXPECT_EQ(read_in("conf", "link"), "null");
    ASSERT_EQ(::mknod((root / "conf/device").c_str(), S_IFCHR | 0600, makedev(1, 3)), 0);
    EXPECT_EQ(read("conf/device"), "null");
}

TEST_F(StrictFiles, AreRegularAndNobodyIsWaitedFor) {
    make("conf/directory");
    ASSERT_EQ(::mkfifo((root / "conf/fifo").c_str(), 0600), 0);
    ASSERT_EQ(::mknod((root / "conf/device").c_str(), S_IFCHR | 0600, makedev(1, 5)), 0);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{AF_UNIX, {}};
    (root / "conf/socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    for (const auto& [name, what] : {std::pair("directory", "a directory"),
                                     {"fifo", "a FIFO"},
                                     {"device", "a device"},
                                     {"socket", "a socket"}}) {
        SCOPED_TRACE(name);
        link(name, std::string("conf/link-to-") + name);
        EXPECT_THAT(read(std::string("conf/") + name), HasSubstr(std::string("it is ") + what));
        EXPECT_THAT(read_in("conf", std::string("link-to-") + name),
                    HasSubstr(std::string("it is ") + what));
    }
    ::close(socket);
    EXPECT_THAT(read_in("conf/file", "x"), HasSubstr("is no directory"));
}

TEST_F(StrictFiles, ArePublicWhenEverybodyCanGetAtThem) {
    set_mode("", 0755);
    const FileRules rules{root.path(), true};
    set_mode("conf/file", 0644);
    EXPECT_TRUE(open_strictly(root / "conf/file", rules)->is_public);
    EXPECT_TRUE(StrictDirectory::open(root / "conf", rules)->open_file("file")->is_public);
    set_mode("conf/file", 0640);
    EXPECT_FALSE(open_strictly(root / "conf/file", rules)->is_public);
    set_mode("conf/file", 0644);
    set_mode("conf", 0750);
    EXPECT_FALSE(open_strictly(root / "conf/file", rules)->is_public);
    EXPECT_FALSE(StrictDirectory::open(root / "conf", rules)->open_file("file")->is_public);
}

TEST_F(StrictFiles, OfADirectoryAreListedByName) {
    test::write_text(root / "conf/b", "");
    link("/dev/null", "conf/a");
    const auto directory = StrictDirectory::open(root / "conf", {root.path(), true});
    EXPECT_EQ(directory->names(), (std::vector<std::string>{"a", "b", "file"}));
    EXPECT_EQ(directory->names().size(), 3U) << "and once more";
    EXPECT_EQ(directory->link_text("a"), "/dev/null");
    EXPECT_EQ(directory->link_text("b"), "");
    EXPECT_FALSE(directory->look("c"));
}

} // namespace
} // namespace provisor
