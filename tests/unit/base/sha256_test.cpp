// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.hpp"

#include "base/error.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

// FIPS 180-4, examples.
constexpr const char* digest_of_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* digest_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256, AgreesWithTheStandardsExamples) {
    EXPECT_EQ(sha256_of("abc"), digest_of_abc);
    EXPECT_EQ(sha256_of(""), digest_of_nothing);
}

TEST(Sha256, OfAFileLeavesItsOffsetAlone) {
    const test::TemporaryFolder folder;
    test::write_text(folder / "x", "abc");
    const Fd file(::open((folder / "x").c_str(), O_RDONLY));
    ASSERT_EQ(::lseek(file.get(), 2, SEEK_SET), 2);
    const Interrupt interrupt;
    EXPECT_EQ(sha256_of_fd(file.get(), interrupt, "x"), digest_of_abc);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 2);
}

TEST(Sha256, OfAFileStopsWhenInterrupted) {
    const test::TemporaryFolder folder;
    test::write_text(folder / "x", "abc");
    const Fd file(::open((folder / "x").c_str(), O_RDONLY));
    Interrupt interrupt;
    interrupt.raise();
    EXPECT_THROW(sha256_of_fd(file.get(), interrupt, "x"), Interrupted);
}

TEST(Sha256, IsRecognisedByItsForm) {
    EXPECT_TRUE(is_sha256(digest_of_abc));
    EXPECT_FALSE(is_sha256("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
    EXPECT_FALSE(is_sha256("ba78"));
    EXPECT_FALSE(is_sha256(""));
}

} // namespace
} // namespace provisor
