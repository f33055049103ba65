// SPDX-License-Identifier: Apache-2.0
#include "install/observe.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::write_text;

class ObserveTest : public testing::Test {
protected:
    ObserveTest() {
        paths.root = folder.path();
        write_text(folder / "opt/app", "content");
        fs::permissions(folder / "opt/app", static_cast<fs::perms>(0755));
        const auto id = std::to_string(::geteuid());
        expected = {{"/opt/app", "", 0755, id, std::to_string(::getegid())}};
    }

    FoundFiles look(const Record& known = {}, Rehash rehash = Rehash::when_touched) {
        return observe_files(expected, paths, known, rehash, interrupt);
    }

    test::TemporaryFolder folder;
    Paths paths;
    Interrupt interrupt;
    std::vector<InstalledFile> expected;
};

TEST_F(ObserveTest, TellsWhatIsThere) {
    const FoundFiles found = look();
    ASSERT_EQ(found.files.size(), 1U);
    const InstalledFile& file = found.files.at("/opt/app");
    EXPECT_EQ(file.sha256, sha256_of("content"));
    EXPECT_EQ(file.mode, 0755U);
    EXPECT_EQ(file.owner, expected[0].owner);
}

TEST_F(ObserveTest, AMissingFileIsAbsent) {
    fs::remove_all(folder / "opt");
    EXPECT_TRUE(look().files.empty());
    EXPECT_FALSE(target_exists("/opt/app", paths));
}

TEST_F(ObserveTest, BelievesAFingerprintThatHolds) {
    Record known;
    known.hashed = look().hashed;
    known.hashed[0].sha256 = sha256_of("a lie that shows that the file is not read");
    EXPECT_EQ(look(known).files.at("/opt/app").sha256, known.hashed[0].sha256);
    EXPECT_EQ(look(known, Rehash::always).files.at("/opt/app").sha256, sha256_of("content"));
}

TEST_F(ObserveTest, ReadsAgainWhatWasWrittenInPlaceWithSizeAndTimeKept) {
    Record known;
    known.hashed = look().hashed;
    struct stat before {};
    ASSERT_EQ(::stat((folder / "opt/app").c_str(), &before), 0);
    {
        const Fd file(::open((folder / "opt/app").c_str(), O_WRONLY));
        ASSERT_EQ(::write(file.get(), "CONTENT", 7), 7);
        const timespec times[2] = {before.st_atim, before.st_mtim};
        ASSERT_EQ(::futimens(file.get(), times), 0);
    }
    EXPECT_EQ(look(known).files.at("/opt/app").sha256, sha256_of("CONTENT"));
}

TEST_F(ObserveTest, ReadsAgainWhatWasReplacedByAFileOfTheSameSize) {
    Record known;
    known.hashed = look().hashed;
    write_text(folder / "opt/other", "CONTENT");
    fs::rename(folder / "opt/other", folder / "opt/app");
    EXPECT_EQ(look(known).files.at("/opt/app").sha256, sha256_of("CONTENT"));
}

TEST_F(ObserveTest, RefusesWhatIsNoRegularFile) {
    const auto refusal = [&] {
        try {
            look();
            return std::string("accepted");
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::io);
            return std::string(error.what());
        }
    };
    fs::remove(folder / "opt/app");
    fs::create_directory(folder / "opt/app");
    EXPECT_NE(refusal().find("is a directory"), std::string::npos);
    fs::remove(folder / "opt/app");
    ASSERT_EQ(::mkfifo((folder / "opt/app").c_str(), 0600), 0);
    EXPECT_NE(refusal().find("is a FIFO"), std::string::npos);
    fs::remove(folder / "opt/app");
    ASSERT_EQ(::mknod((folder / "opt/app").c_str(), S_IFSOCK | 0600, 0), 0);
    EXPECT_NE(refusal().find("is a socket"), std::string::npos);
    fs::remove(folder / "opt/app");
    fs::create_symlink("/etc/passwd", folder / "opt/app");
    EXPECT_NE(refusal().find("is a symbolic link"), std::string::npos);
    EXPECT_TRUE(target_exists("/opt/app", paths))
        << "for update: if-missing a link counts as present";
}

TEST_F(ObserveTest, TellsAForeignOwnerByNumber) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can give files away";
    ASSERT_EQ(::chown((folder / "opt/app").c_str(), 12345, 54321), 0);
    const FoundFiles found = look();
    EXPECT_EQ(found.files.at("/opt/app").owner, "12345");
    EXPECT_EQ(found.files.at("/opt/app").group, "54321");
}

} // namespace
} // namespace provisor
