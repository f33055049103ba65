// SPDX-License-Identifier: Apache-2.0
// Archives that somebody has made to do harm: each is refused, and the message names the member.
#include "local/unpack/archives.hpp"
#include "local/unpack/rig.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

constexpr int tar_only = 1;
constexpr int zip_only = 2;
constexpr int both = tar_only | zip_only;

struct Row {
    const char* name;
    int in; ///< which archives can say it
    std::vector<Forged> members;
    const char* pattern;
    const char* error; ///< the whole of it
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

const Row rows[] = {
    {"NoMatch",
     both,
     {{"bin/apq", "x"}, {"app", "x"}, {"README", "x"}, {"dir/", "", '5'}},
     "bin/app",
     "unpack: files.from 'bin/app' matches no member of the archive; it has 'app', 'bin/apq', "
     "'README'"},
    {"NoMatchAcrossFolders",
     both,
     {{"a/b/app", "x"}},
     "*/app",
     "unpack: files.from '*/app' matches no member of the archive; it has 'a/b/app'"},
    {"NoMatchInAnotherCase",
     both,
     {{"1", "x"}, {"2", "x"}, {"3", "x"}, {"4", "x"}, {"5", "x"}, {"6", "x"}, {"x/App", "x"}},
     "x/app",
     "unpack: files.from 'x/app' matches no member of the archive; it has 'x/App', '1', '2', '3', "
     "'4'"},
    {"NoFiles",
     both,
     {{"dir/", "", '5'}},
     "app",
     "unpack: files.from 'app' matches no member of the archive; it has no files"},
    {"TwoMatches",
     both,
     {{"a/app", "1"}, {"b/app", "2"}},
     "*/app",
     "unpack: files.from '*/app' matches more than one member: 'a/app' and 'b/app'"},
    {"SameNameTwice",
     both,
     {{"app", "1"}, {"app", "2"}},
     "app",
     "unpack: member 'app' is in the archive twice"},
    {"SameNameTwiceInAnotherSpelling",
     both,
     {{"app", "1"}, {"./app", "2"}},
     "app",
     "unpack: member 'app' is in the archive twice"},
    {"DotDot", both, {{"../app", "x"}}, "*/app", "unpack: member '../app' has a name with \"..\""},
    {"DotDotInTheMiddle",
     both,
     {{"a/../../app", "x"}},
     "*/*/*/app",
     "unpack: member 'a/../../app' has a name with \"..\""},
    {"DotDotAlone", both, {{"..", "x"}}, "*", "unpack: member '..' has a name with \"..\""},
    {"Absolute",
     both,
     {{"/bin/app", "x"}},
     "*/*/app",
     "unpack: member '/bin/app' has an absolute name"},
    {"SymbolicLink",
     both,
     {{"bin/app", "", '2', "/etc/passwd"}},
     "bin/app",
     "unpack: member 'bin/app' is a symbolic link, not a regular file"},
    {"SymbolicLinkThenFile",
     both,
     {{"app", "", '2', "/etc/passwd"}, {"app", "x"}},
     "app",
     "unpack: member 'app' is a symbolic link, not a regular file"},
    {"FileThenSymbolicLink",
     both,
     {{"app", "x"}, {"app", "", '2', "/etc/passwd"}},
     "app",
     "unpack: member 'app' is a symbolic link, not a regular file"},
    {"FileBehindASymbolicLink",
     both,
     {{"a/b", "", '2', "/etc"}, {"a/b/app", "x"}},
     "*/*/app",
     "unpack: member 'a/b/app' lies behind 'a/b', which is a link in the same archive"},
    {"HardLinkToOutside",
     tar_only,
     {{"app", "", '1', "/etc/passwd"}},
     "app",
     "unpack: member 'app' is a hard link, not a regular file"},
    {"HardLinkToInside",
     tar_only,
     {{"app-1", "x"}, {"app", "", '1', "app-1"}},
     "app",
     "unpack: member 'app' is a hard link, not a regular file"},
    {"CharacterDevice",
     both,
     {{"app", "", '3'}},
     "app",
     "unpack: member 'app' is a character device, not a regular file"},
    {"BlockDevice",
     both,
     {{"app", "", '4'}},
     "app",
     "unpack: member 'app' is a block device, not a regular file"},
    // To libarchive a FIFO in a zip is a file: Info-ZIP says so of what it reads from a pipe.
    {"Fifo",
     tar_only,
     {{"app", "", '6'}},
     "app",
     "unpack: member 'app' is a FIFO, not a regular file"},
    {"Folder",
     both,
     {{"app/", "", '5'}},
     "app",
     "unpack: member 'app' is a directory, not a regular file"},
    {"NotUtf8",
     both,
     {{"a\xff/app", "x"}},
     "*/app",
     "unpack: member 'a\\xff/app' has a name that is not UTF-8"},
    {"NameThatDrivesTheTerminal",
     both,
     {{"a\x1b[2J/app", "1"}, {"b/app", "2"}},
     "*/app",
     "unpack: files.from '*/app' matches more than one member: 'a\\x1b[2J/app' and 'b/app'"},
    {"OneOfTwoPatternsWithoutAMember",
     both,
     {{"app", "x"}},
     "nothing",
     "unpack: files.from 'nothing' matches no member of the archive; it has 'app'"},
};

class Hostile : public testing::TestWithParam<Row> {};

TEST_P(Hostile, IsRefusedAndTheMemberIsNamed) {
    const Row& row = GetParam();
    if ((row.in & tar_only) != 0) {
        EXPECT_EQ(Rig().run(tar_of(row.members), {row.pattern}).error, row.error) << "tar";
        EXPECT_EQ(Rig().run(gzip_of(tar_of(row.members)), {row.pattern}, Format::tar).error,
                  row.error)
            << "tar.gz";
    }
    if ((row.in & zip_only) != 0) {
        EXPECT_EQ(Rig().run(zip_of(row.members), {row.pattern}).error, row.error) << "zip";
    }
}

INSTANTIATE_TEST_SUITE_P(All, Hostile, testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Hostile, ASparseFileOfATebibyteIsRefused) {
    const TemporaryFolder folder;
    shell(folder.path(),
          "truncate -s 1T app && echo x >small && "
          "for format in gnu pax; do tar --format=$format -Scf $format app small; done");
    for (const char* format : {"gnu", "pax"}) {
        Rig rig;
        EXPECT_THAT(rig.run_file(folder / format, {"app"}).error,
                    HasSubstr("unpack: member 'app' is a sparse file"))
            << format;
        EXPECT_EQ(rig.bytes_written(), 0U);
        // Nor does it take its size in time or memory when nobody wants it.
        EXPECT_EQ(rig.run_file(folder / format, {"small"}).error, "") << format;
    }
}

TEST(Hostile, AnEncryptedMemberIsRefused) {
    const TemporaryFolder folder;
    write_text(folder / "app", std::string(1000, 'x'));
    write_text(folder / "plain", std::string(1000, 'x'));
    shell(folder.path(), "zip -q -P secret zip.zip app && zip -q zip.zip plain");
    EXPECT_EQ(Rig().run_file(folder / "zip.zip", {"app"}).error,
              "unpack: member 'app' is encrypted");
    EXPECT_EQ(Rig().run_file(folder / "zip.zip", {"plain"}).error, "");
}

TEST(Hostile, AHugeNameIsNoMatchAndNoTrouble) {
    const TemporaryFolder folder;
    // A pax header whose path is longer than any path can be.
    const std::string path = std::string(500'000, 'a');
    const std::string field = " path=" + path + "\n";
    const std::string header = std::to_string(field.size() + 6) + field;
    const std::string tar =
        tar_member({"pax", header, 'x'}) + tar_of({{"short", "x"}, {"app", "x"}});
    EXPECT_EQ(Rig().run(tar, {"app"}).error, "");
    const std::string error = Rig().run(tar, {"a*a"}).error;
    EXPECT_THAT(error, HasSubstr("matches no member"));
    EXPECT_LT(error.size(), 600U);
}

TEST(Hostile, AMillionMembersAreReadAndOneMoreIsRefused) {
    // A thousand times the same member, as a gzip member of its own, a thousand times.
    std::string some;
    for (int i = 0; i < 1000; ++i)
        some += tar_member({"other"});
    const std::string packed = gzip_of(some);
    std::string most;
    for (int i = 0; i < 999; ++i)
        most += packed;
    some.resize(some.size() - 512);
    Rig rig;
    rig.max_size = 64 << 20;
    const std::string end = gzip_of(some + tar_of({{"app", "x"}}));
    const std::string one_more = gzip_of(some + tar_of({{"app", "x"}, {"other"}}));
    EXPECT_EQ(rig.run(most + end, {"app"}).error, "");
    EXPECT_EQ(rig.run(most + one_more, {"app"}).error,
              "size: the archive has more than 1000000 members");
}

struct Disagreement {
    const char* name;
    Format format;
    std::string artifact;
    std::vector<std::string> patterns;
    const char* error;
};

TEST(Hostile, AFormatThatDisagreesWithTheContentNamesBoth) {
    const std::string tar = tar_of({{"app", "x"}});
    const std::string zip = zip_of({{"app", "x"}});
    const std::string elf = "\x7f"
                            "ELF program";
    const Disagreement disagreements[] = {
        {"gzip that is zip",
         Format::gzip,
         zip,
         {""},
         "unpack: the manifest says format: gzip, but the artifact is zip"},
        {"gzip that is zstd",
         Format::gzip,
         "\x28\xb5\x2f\xfd....",
         {""},
         "unpack: the manifest says format: gzip, but the artifact is zstd"},
        {"xz that is a program",
         Format::xz,
         elf,
         {""},
         "unpack: the manifest says format: xz, but the artifact is neither compressed nor an "
         "archive"},
        {"tar that is zip",
         Format::tar,
         zip,
         {"app"},
         "unpack: the manifest says format: tar, but the artifact is zip"},
        {"tar that is a program",
         Format::tar,
         elf,
         {"app"},
         "unpack: the manifest says format: tar, but the artifact is neither compressed nor an "
         "archive"},
        {"tar that is a page",
         Format::tar,
         "<!DOCTYPE html>",
         {"app"},
         "unpack: the manifest says format: tar, but the artifact is neither compressed nor an "
         "archive"},
        {"zip that is tar",
         Format::zip,
         tar,
         {"app"},
         "unpack: the manifest says format: zip, but the artifact is tar"},
        {"gzip with a member",
         Format::gzip,
         gzip_of(tar),
         {"app"},
         "unpack: the manifest says format: gzip, which is one compressed file and has no members: "
         "leave files.from out, or say format: tar"},
        {"tar in gzip without a member",
         Format::automatic,
         gzip_of(tar),
         {""},
         "unpack: the artifact is a tar (gzip) archive: name the member that is wanted with "
         "files.from"},
        {"tar in gzip as gzip",
         Format::gzip,
         gzip_of(tar),
         {""},
         "unpack: the artifact is a tar (gzip) archive: name the member that is wanted with "
         "files.from"},
        {"tar without a member",
         Format::tar,
         tar,
         {""},
         "unpack: the artifact is a tar archive: name the member that is wanted with files.from"},
        {"zip without a member",
         Format::automatic,
         zip,
         {""},
         "unpack: the artifact is a zip archive: name the member that is wanted with files.from"},
        {"program with a member",
         Format::automatic,
         elf,
         {"app"},
         "unpack: the artifact is neither compressed nor an archive"},
        {"compressed program with a member",
         Format::automatic,
         gzip_of(elf),
         {"app"},
         "unpack: what is compressed in the gzip file is no tar archive, so that there is no "
         "member "
         "'app': leave files.from out"},
        {"nothing at all",
         Format::automatic,
         "",
         {""},
         "unpack: the artifact is neither compressed nor an archive"},
        {"raw",
         Format::raw,
         elf,
         {""},
         "unpack: the manifest says format: raw, so that there is nothing to unpack"},
        {"two layers",
         Format::tar,
         gzip_of(gzip_of(tar)),
         {"app"},
         "unpack: what is compressed in the gzip file is no tar archive, so that there is no "
         "member "
         "'app': leave files.from out"},
        {"a member and the whole",
         Format::tar,
         tar,
         {"app", ""},
         "unpack: several files are to be had, and not all of them name their member with "
         "files.from"},
    };
    for (const Disagreement& row : disagreements) {
        Rig rig;
        EXPECT_EQ(rig.run(row.artifact, row.patterns, row.format).error, row.error) << row.name;
        EXPECT_EQ(rig.bytes_written(), 0U) << row.name;
    }
}

TEST(Hostile, OnlyOneLayerOfCompressionIsUndone) {
    const Unpacked result = Rig().run(gzip_of(gzip_of("program")), {""});
    ASSERT_EQ(result.error, "");
    EXPECT_EQ(result.members[0].content, gzip_of("program"));
}

} // namespace
} // namespace provisor::test
