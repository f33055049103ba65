// SPDX-License-Identifier: Apache-2.0
#include "local/unpack/archives.hpp"
#include "local/unpack/rig.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

/// What every archive here is made of; enough of it that no decoder gets by with one buffer.
std::string program() {
    std::string bytes = "\x7f"
                        "ELF";
    for (unsigned i = 0; bytes.size() < 700'000; ++i)
        bytes += std::to_string(i * 2654435761U);
    return bytes;
}

struct Row {
    const char* name;
    const char* command; ///< makes `out` of the folder `tree`, in which there is app-1.2/bin/app
    const char* pattern;
    Format named; ///< the format that a manifest may name besides auto
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

const Row rows[] = {
    {"tar", "tar -cf out -C tree app-1.2", "*/bin/app", Format::tar},
    {"tar_gz", "tar -czf out -C tree app-1.2", "*/bin/app", Format::tar},
    {"tar_xz", "tar -cJf out -C tree app-1.2", "*/bin/app", Format::tar},
    {"tar_zst", "tar --zstd -cf out -C tree app-1.2", "*/bin/app", Format::tar},
    {"tar_bz2", "tar -cjf out -C tree app-1.2", "*/bin/app", Format::tar},
    {"tar_v7", "tar --format=v7 -cf out -C tree app-1.2", "*/bin/app", Format::tar},
    {"tar_ustar", "tar --format=ustar -cf out -C tree app-1.2", "*/bin/app", Format::tar},
    {"tar_pax", "tar --format=pax -cf out -C tree app-1.2", "*/bin/app", Format::tar},
    {"tar_dot", "tar -czf out -C tree .", "app-1.2/bin/app", Format::tar},
    {"tar_dot_pattern", "tar -cf out -C tree app-1.2", "./app-*/bin/app", Format::tar},
    {"tar_small_blocks", "tar -b 1 -cf out -C tree app-1.2", "app-?.2/bin/[a]pp", Format::tar},
    {"zip", "(cd tree && zip -qr ../out.zip app-1.2) && mv out.zip out", "*/bin/app", Format::zip},
    {"zip_stored", "(cd tree && zip -0qr ../out.zip app-1.2) && mv out.zip out", "*/bin/app",
     Format::zip},
    {"zip_streamed", "(cd tree && zip -qr - app-1.2) | cat >out", "*/bin/app", Format::zip},
    {"zip_comment", "(cd tree && echo hello | zip -qrz ../out.zip app-1.2) && mv out.zip out",
     "*/bin/app", Format::zip},
    {"gzip", "gzip -c tree/app-1.2/bin/app >out", "", Format::gzip},
    {"gzip_of_two_members", "(gzip -c front; gzip -c back) >out", "", Format::gzip},
    {"zstd", "zstd -qc tree/app-1.2/bin/app >out", "", Format::zstd},
    {"zstd_of_two_frames", "(zstd -qc front; zstd -qc back) >out", "", Format::zstd},
    {"xz", "xz -c tree/app-1.2/bin/app >out", "", Format::xz},
    {"xz_of_two_streams", "(xz -c front; xz -c back) >out", "", Format::xz},
    {"bzip2", "bzip2 -c tree/app-1.2/bin/app >out", "", Format::bzip2},
    {"bzip2_of_two_streams", "(bzip2 -c front; bzip2 -c back) >out", "", Format::bzip2},
};

class Formats : public testing::TestWithParam<Row> {};

TEST_P(Formats, TheMemberComesAsItWasPacked) {
    const TemporaryFolder folder;
    const std::string content = program();
    write_text(folder / "tree/app-1.2/bin/app", content);
    write_text(folder / "tree/app-1.2/README", "read me");
    write_text(folder / "tree/app-1.2/empty", "");
    write_text(folder / "front", content.substr(0, 1000));
    write_text(folder / "back", content.substr(1000));
    std::filesystem::create_symlink("bin/app", folder / "tree/app-1.2/link");
    shell(folder.path(), GetParam().command);
    for (const Format format : {Format::automatic, GetParam().named}) {
        const Unpacked result = Rig().run_file(folder / "out", {GetParam().pattern}, format);
        ASSERT_EQ(result.error, "");
        ASSERT_EQ(result.members.size(), 1U);
        EXPECT_EQ(result.members[0].name, *GetParam().pattern == '\0' ? "" : "app-1.2/bin/app");
        EXPECT_TRUE(result.members[0].content == content);
    }
    EXPECT_TRUE(looks_packed(read_text(folder / "out").substr(0, 512)));
}

INSTANTIATE_TEST_SUITE_P(All, Formats, testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Unpack, ResultsStandInTheOrderOfThePatterns) {
    for (const std::string& archive : {tar_of({{"a", "1"}, {"b", "2"}, {"empty", ""}}),
                                       zip_of({{"a", "1"}, {"b", "2"}, {"empty", ""}})}) {
        const Unpacked result = Rig().run(archive, {"empty", "b", "a"});
        ASSERT_EQ(result.error, "");
        ASSERT_EQ(result.members.size(), 3U);
        EXPECT_EQ(result.members[0].name, "empty");
        EXPECT_EQ(result.members[0].content, "");
        EXPECT_EQ(result.members[1].content, "2");
        EXPECT_EQ(result.members[2].content, "1");
    }
}

TEST(Unpack, ACompressedNothingIsNothing) {
    const TemporaryFolder folder;
    shell(folder.path(), "for x in gzip zstd xz bzip2; do $x -c </dev/null >$x; done");
    for (const char* compression : {"gzip", "zstd", "xz", "bzip2"}) {
        const Unpacked result = Rig().run_file(folder / compression, {""});
        EXPECT_EQ(result.error, "") << compression;
        ASSERT_EQ(result.members.size(), 1U);
        EXPECT_EQ(result.members[0].content, "");
    }
}

TEST(Unpack, TwoPatternsMayNameTheSameMember) {
    const Unpacked result = Rig().run(tar_of({{"x/app", "bytes"}}), {"x/app", "*/a*"});
    ASSERT_EQ(result.error, "");
    EXPECT_EQ(result.members[0].content, "bytes");
    EXPECT_EQ(result.members[1].content, "bytes");
    EXPECT_EQ(result.members[1].name, "x/app");
}

TEST(Unpack, ANameThatIsNotAsciiIsFound) {
    const TemporaryFolder folder;
    write_text(folder / "größe/äpp", "bytes");
    shell(folder.path(), "tar --format=pax --pax-option=comment=ü -cf pax größe && "
                         "tar --format=gnu -cf gnu größe && zip -qr zip.zip größe");
    for (const char* name : {"pax", "gnu", "zip.zip"}) {
        const Unpacked result = Rig().run_file(folder / name, {"*/äpp"});
        EXPECT_EQ(result.error, "") << name;
        ASSERT_EQ(result.members.size(), 1U);
        EXPECT_EQ(result.members[0].name, "größe/äpp");
    }
}

TEST(Unpack, ALongNameIsFound) {
    const TemporaryFolder folder;
    const std::string name = std::string(120, 'd') + "/" + std::string(130, 'e') + "/app";
    write_text(folder / name, "bytes");
    shell(folder.path(), "tar --format=pax -cf pax d* && tar --format=gnu -cf gnu d*");
    for (const char* archive : {"pax", "gnu"})
        EXPECT_EQ(Rig().run_file(folder / archive, {"*/*/app"}).error, "") << archive;
}

TEST(Unpack, ASetuidMemberIsBytesLikeAnyOther) {
    // Its mode is the manifest's in any case.
    for (const std::string& archive :
         {tar_of({{"app", "bytes", '0', "", 06755}}), zip_of({{"app", "bytes", '0', "", 06755}})}) {
        const Unpacked result = Rig().run(archive, {"app"});
        ASSERT_EQ(result.error, "");
        EXPECT_EQ(result.members[0].content, "bytes");
    }
}

TEST(Unpack, WhatNobodyWantsMayBeAnything) {
    const std::vector<Forged> members{
        {"../../etc/passwd", "x"}, {"/abs", "x"},  {"link", "", '2', "/etc"}, {"dev", "", '3'},
        {"bad\xff", "x"},          {"twice", "1"}, {"app", "bytes"},          {"twice", "2"}};
    for (const std::string& archive : {tar_of(members), zip_of(members)}) {
        const Unpacked result = Rig().run(archive, {"app"});
        ASSERT_EQ(result.error, "");
        EXPECT_EQ(result.members[0].content, "bytes");
    }
}

TEST(LooksPacked, TellsPackedContentFromPrograms) {
    const std::string elf = program().substr(0, 512);
    EXPECT_FALSE(looks_packed(elf));
    EXPECT_FALSE(looks_packed("#!/bin/sh\n" + std::string(600, ' ')));
    EXPECT_FALSE(looks_packed(""));
    EXPECT_FALSE(looks_packed("PK"));
    EXPECT_FALSE(looks_packed(std::string(512, '\0')));
    EXPECT_TRUE(looks_packed(gzip_of("x")));
    EXPECT_TRUE(looks_packed(tar_of({{"a", "x"}}).substr(0, 512)));
    EXPECT_TRUE(looks_packed(zip_of({{"a", "x"}})));
}

} // namespace
} // namespace provisor::test
