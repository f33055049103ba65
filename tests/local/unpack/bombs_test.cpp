// SPDX-License-Identifier: Apache-2.0
// What is small and becomes large. By itself, since it measures the memory of its children.
#include "local/unpack/archives.hpp"
#include "local/unpack/rig.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t mebibyte = 1 << 20;
constexpr long memory_bound_kib = (sanitized ? 1024L : 64L) * 1024;

/// Of the largest child so far.
long peak_memory_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    return usage.ru_maxrss;
}

/// A gzip of so many MiB of zeros, a member for each 16.
std::string bomb(std::size_t mebibytes) {
    const std::string part = gzip_of(std::string(16 * mebibyte, '\0'));
    std::string bytes;
    for (std::size_t i = 0; i < mebibytes; i += 16)
        bytes += part;
    return bytes;
}

TEST(Bombs, AGibibyteOfZerosEndsAtTheLimit) {
    const std::string artifact = bomb(1024);
    ASSERT_LT(artifact.size(), 8 * mebibyte);
    Rig rig;
    rig.max_size = 4 * mebibyte;
    EXPECT_EQ(rig.run(artifact, {""}).error,
              "size: what is compressed is larger than the limit of 4194304 bytes "
              "(limits.artifact_size)");
    EXPECT_LE(rig.bytes_written(), rig.max_size);
    EXPECT_LT(peak_memory_kib(), memory_bound_kib);
}

TEST(Bombs, AMemberThatIsLargerThanTheLimitIsRefused) {
    const std::vector<Forged> members{{"bin/app", std::string(mebibyte, 'x')}};
    for (const std::string& archive : {gzip_of(tar_of(members)), zip_of(members)}) {
        Rig rig;
        rig.max_size = mebibyte - 1;
        EXPECT_EQ(rig.run(archive, {"bin/app"}).error,
                  "size: member 'bin/app' is larger than the limit of 1048575 bytes "
                  "(limits.artifact_size)");
        EXPECT_LE(rig.bytes_written(), rig.max_size);
        rig.max_size = mebibyte;
        EXPECT_EQ(rig.run(archive, {"bin/app"}).error, "");
    }
}

TEST(Bombs, TheLimitIsOneForAllMembersTogether) {
    const std::string half(mebibyte / 2, 'x');
    const std::string archive = tar_of({{"a", half}, {"b", half}});
    Rig rig;
    rig.max_size = mebibyte;
    EXPECT_EQ(rig.run(archive, {"a", "b"}).error, "");
    rig.max_size = mebibyte - 1;
    EXPECT_EQ(rig.run(archive, {"a", "b"}).error,
              "size: member 'b' and those before it are together larger than the limit of 1048575 "
              "bytes (limits.artifact_size)");
    // What goes to two files takes twice its room.
    EXPECT_THAT(rig.run(archive, {"a", "a"}).error, StartsWith("size: "));
    EXPECT_LE(rig.bytes_written(), rig.max_size);
}

TEST(Bombs, WhatNobodyWantsIsBoundedAsWell) {
    const std::string small = tar_member({"app", "x"});
    const std::string artifact = gzip_of(small + std::string(512, '\0')) + bomb(1024);
    Rig rig;
    EXPECT_THAT(rig.run(artifact, {"app"}).error,
                StartsWith("size: more than 67108864 bytes come out of the decompression"));
    EXPECT_EQ(rig.bytes_written(), 1U);
    EXPECT_LT(peak_memory_kib(), memory_bound_kib);
    EXPECT_EQ(rig.run(gzip_of(small) + bomb(48), {"app"}).error, "");
}

TEST(Bombs, TheBoundOfWhatNobodyWantsFollowsTheLimit) {
    EXPECT_EQ(decompressed_limit(0), 64 * mebibyte);
    EXPECT_EQ(decompressed_limit(mebibyte), 64 * mebibyte);
    EXPECT_EQ(decompressed_limit(1024 * mebibyte), std::uint64_t{16} * 1024 * mebibyte);
    EXPECT_EQ(decompressed_limit(~std::uint64_t{0}), ~std::uint64_t{0});
}

/// A zstd frame (RFC 8878, 3.1.1) with one raw block and this window.
std::string zstd_of(unsigned window_log, const std::string& content) {
    return "\x28\xb5\x2f\xfd" + number(0, 1) + number((window_log - 10) << 3, 1) +
           number(content.size() << 3 | 1, 3) + content;
}

TEST(Bombs, AZstdWindowOfTwoGibibytesIsRefused) {
    EXPECT_EQ(Rig().run(zstd_of(27, "content"), {""}).error, "");
    EXPECT_THAT(Rig().run(zstd_of(28, "content"), {""}).error, StartsWith("unpack: the zstd data"));
    EXPECT_THAT(Rig().run(zstd_of(31, "content"), {""}).error, HasSubstr("too much memory"));
    EXPECT_LT(peak_memory_kib(), memory_bound_kib);
}

TEST(Bombs, AnXzDictionaryOfFourGibibytesIsRefused) {
    if (sanitized)
        GTEST_SKIP() << "it is the limit of addresses that refuses it";
    const TemporaryFolder folder;
    write_text(folder / "app", "content");
    shell(folder.path(), "xz -k app");
    const std::string plain = read_text(folder / "app.xz");
    // The block header (.xz file format, 3.1): size, flags, filter 0x21, one byte of properties.
    const std::size_t begin = 12;
    const std::size_t size = (static_cast<unsigned char>(plain[begin]) + 1U) * 4 - 4;
    ASSERT_EQ(plain.substr(begin + 2, 2), "\x21\x01");
    for (const int dictionary : {40, 37, 36}) { // 4 GiB, 1.5 GiB, 1 GiB
        std::string bytes = plain;
        bytes[begin + 4] = static_cast<char>(dictionary);
        bytes.replace(begin + size, 4, number(crc_of(bytes.substr(begin, size)), 4));
        EXPECT_THAT(Rig().run(bytes, {""}).error,
                    testing::AnyOf(StartsWith("unpack: the xz data"), StartsWith("size: ")))
            << dictionary;
    }
    EXPECT_LT(peak_memory_kib(), memory_bound_kib);
}

TEST(Bombs, ABombInABombIsOneBomb) {
    const std::string inner = gzip_of(bomb(1024));
    Rig rig;
    rig.max_size = 64 * mebibyte;
    const Unpacked result = rig.run(inner, {""});
    ASSERT_EQ(result.error, "");
    EXPECT_LT(result.members[0].content.size(), 8 * mebibyte);
}

} // namespace
} // namespace provisor::test
