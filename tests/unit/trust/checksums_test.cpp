// SPDX-License-Identifier: Apache-2.0
#include "trust/checksums.hpp"

#include "base/error.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <string>

namespace provisor {
namespace {

using namespace std::string_literals;

const std::string a(64, 'a');
const std::string b(64, 'b');
const std::string upper(64, 'A');

const std::string c(64, 'c');
const std::string md5(32, '1');
const std::string sha1(40, '2');
const std::string a512 = a + a;
const std::string b512 = b + b;

struct Row {
    const char* name;
    std::string sums;
    std::string result; ///< the digests, or the complaint
};

/// "HEX", "HEX64 HEX128", or the complaint
std::string in_words(const std::function<FileDigests()>& find) {
    try {
        const FileDigests digests = find();
        return digests.sha256 + (digests.sha256.empty() || digests.sha512.empty() ? "" : " ") +
               digests.sha512;
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::digest);
        return error.what();
    }
}

class Checksums : public testing::TestWithParam<Row> {};

/// For https://o/netboot/app.
TEST_P(Checksums, AreUnderstoodOrRefusedWithTheReason) {
    EXPECT_EQ(in_words([] {
                  return find_digests(GetParam().sums, {{"netboot", "app"}, ""}, "https://o/SUMS");
              }),
              GetParam().result);
}

std::string says(const std::string& what) { return "'https://o/SUMS' " + what; }

const std::string no_digest = "is not a digest; SHA-256 has 64 hex digits, SHA-512 has 128";
const std::string name_it = "; if one of them is meant, name it with 'checksums_name'";

INSTANTIATE_TEST_SUITE_P(
    Coreutils, Checksums,
    testing::Values(
        Row{"Gnu", b + "  other\n" + a + "  app\n", a}, Row{"Star", a + " *app\n", a},
        Row{"Tab", a + "\tapp\n", a}, Row{"OneBlank", a + " app\n", a},
        Row{"NoLastLineEnd", a + "  app", a}, Row{"Crlf", b + "  other\r\n" + a + "  app\r\n", a},
        Row{"UpperCase", upper + "  app\n", a}, Row{"Escaped", "\\" + a + "  app\n", a},
        Row{"Sha512", a512 + "  app\n", a512},
        Row{"BothInOneFile", a + "  app\n" + b512 + "  app\n", a + " " + b512},
        Row{"Utf8Mark", "\xEF\xBB\xBF" + a + "  app\r\n" + b + "  other\r\n", a},
        Row{"Comments", "# made today\n\n" + a + "  app\n", a}, Row{"BareDigest", a + "\n", a},
        Row{"BareDigestOfSha512", a512 + "\n", a512},
        Row{"TwiceTheSame", a + "  app\n" + a + " *app\n", a},
        Row{"WeakerOnesOfTheSameName", md5 + "  app\n" + sha1 + "  app\n" + a + "  app\n", a},
        Row{"SizeBeforeTheName", "SHA256:\n " + a + "  1234 app\n " + b + " 99 other\n", a},
        Row{"DigestWithItsName", "sha256:" + a + "  app\n", a}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    OtherForms, Checksums,
    testing::Values(
        Row{"Bsd", "SHA256 (app) = " + a + "\n", a},
        Row{"BsdWithFolder", "SHA256 (./netboot/app) = " + a + "\n", a},
        Row{"BsdOfBothKinds", "SHA512 (app) = " + b512 + "\nSHA256 (app) = " + a + "\n",
            a + " " + b512},
        Row{"BsdOfOtherKindsBeside",
            "MD5 (app) = " + md5 + "\nSHA3-256 (app) = " + b + "\nBLAKE2b (app) = " + b512 +
                "\nSHA256 (app) = " + a + "\n",
            a},
        Row{"OpenSsl", "SHA256(app)= " + a + "\n", a},
        Row{"OpenSsl3", "SHA2-256(app)= " + a + "\nSHA2-512(app)= " + b512 + "\n", a + " " + b512},
        Row{"NameFirst", "other  " + b + "\napp  " + a + "\n", a},
        Row{"NameFirstWithColon", "app: " + a + "\n", a},
        Row{"NameFirstWithAlgorithm", "app: sha256:" + a + "\n", a},
        Row{"Columns", "# name md5 sha1 sha256\napp " + md5 + " " + sha1 + " " + a + "\n", a},
        Row{"ColumnsDigestFirst", md5 + "  " + a + "  app\n", a},
        Row{"ColumnsOfBothKinds", "app " + a + " " + b512 + "\n", a + " " + b512},
        Row{"ColumnsOfOneLength", "app " + a + " " + b + "\n",
            says("line 1: has several digests of 64 hex digits for 'app', and does not say which "
                 "of them is SHA-256; pin the content with 'sha256'")},
        Row{"GpgGroups",
            "app: AAAAAAAA AAAAAAAA AAAAAAAA AAAAAAAA  AAAAAAAA AAAAAAAA AAAAAAAA\n"
            "     AAAAAAAA\nother: " +
                b + "\n",
            a},
        Row{"GpgGroupsWithAlgorithm",
            "app:    MD5 = 11 11 11 11 11 11 11 11  11 11 11 11 11 11 11 11\n"
            "app: SHA256 = AAAAAAAA AAAAAAAA AAAAAAAA AAAAAAAA  AAAAAAAA AAAAAAAA\n"
            "              AAAAAAAA AAAAAAAA\n",
            a},
        Row{"ClearSigned",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + a +
                "  app\n-----BEGIN PGP SIGNATURE-----\n\n" + b + "  app\n",
            a}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Names, Checksums,
    testing::Values(
        Row{"DotSlash", a + "  ./app\n", a}, Row{"Folder", a + "  dist/app\n", a},
        Row{"FolderOfWindows", a + " *bin\\app\n", a},
        Row{"PlainBeforeFolder", b + "  other/app\n" + a + "  app\n", a},
        Row{"LongestTailOfThePath",
            b + "  ./app\n" + a + "  ./netboot/app\n" + c + "  ./netboot/gtk/app\n", a},
        Row{"ALongerTailOfAWeakerKind", md5 + "  netboot/app\n" + a + "  app\n", a},
        Row{"TwoFoldersThatDisagree", b + "  x/app\n" + a + "  y/app\n",
            says("has two digests for 'app', in lines 1 and 2: it is not clear which one is "
                 "meant")},
        Row{"Traversal", a + "  ../app\n" + a + "  x/../app\n",
            says("has no line for 'app', only for '../app', 'x/../app'" + name_it)}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Refused, Checksums,
    testing::Values(
        Row{"TwoThatDisagree", a + "  app\n" + b + "  app\n",
            says("has two digests for 'app', in lines 1 and 2: it is not clear which one is "
                 "meant")},
        Row{"TwoThatDisagreeInTwoForms", a + "  app\n\nSHA256 (app) = " + b + "\n",
            says("has two digests for 'app', in lines 1 and 3: it is not clear which one is "
                 "meant")},
        Row{"CutDigest", a.substr(1) + "  app\n",
            says("line 1: '" + a.substr(1) + "' " + no_digest)},
        Row{"CutBesideAGoodOne", a + "  app\n" + a.substr(2) + "  app\n",
            says("line 2: '" + a.substr(2) + "' " + no_digest)},
        Row{"CutBehindATag", "SHA256 (app) = " + a.substr(1) + "\n",
            says("line 1: '" + a.substr(1) + "' " + no_digest)},
        Row{"OnlyMd5", md5 + "  app\n" + a + "  other\n",
            says("line 1: has only a digest of MD5 for 'app'; SHA-256 or SHA-512 is needed")},
        Row{"OnlySha1InBsdForm", "SHA1 (app) = " + sha1 + "\n",
            says("line 1: has only a digest of SHA-1 for 'app'; SHA-256 or SHA-512 is needed")},
        Row{"BareMd5", md5 + "\n",
            says("line 1: has only a digest of MD5 for 'app'; SHA-256 or SHA-512 is needed")},
        Row{"Absent", a + "  other\n" + b + "  app2\n",
            says("has no line for 'app', only for 'app2', 'other'" + name_it)},
        Row{"AbsentAmongMany", a + "  1\n" + a + "  2\n" + a + "  3\n" + a + "  4\n" + a + "  5\n",
            says("has no line for 'app', only for '1', '2', '3' and 2 other files" + name_it)},
        Row{"NotUnderstood", "the digest of app is: see the release notes\n",
            says("is not understood: no line has a SHA-256 or SHA-512 digest and the name of a "
                 "file")},
        Row{"Json", "{\"app\": \"" + a + "\"}\n",
            says("is not understood: no line has a SHA-256 or SHA-512 digest and the name of a "
                 "file")},
        Row{"Xml", "<?xml version=\"1.0\"?><Error/>",
            says("is an HTML page, not a checksums file")},
        Row{"Empty", "", says("is empty, a checksums file was expected")},
        Row{"Blank", " \n\r\n", says("is empty, a checksums file was expected")},
        Row{"Html", "\n <!DOCTYPE html><html>", says("is an HTML page, not a checksums file")},
        Row{"Nul", a + "  app\n" + std::string(1, '\0'),
            says("is no text, a checksums file was expected")},
        Row{"Utf16", std::string("\xFF\xFE") + "a\0"s,
            says("is UTF-16 text, which is not read; pin the content with 'sha256'")},
        Row{"BareDigestAmongOthers", a + "\n" + b + "  other\n",
            says("has no line for 'app', only for 'other'" + name_it)}),
    [](const auto& row) { return row.param.name; });

/// The manifest says what the list calls the file: nothing else counts.
TEST(Checksums, AreFoundByTheNameThatTheManifestSays) {
    const std::string sums =
        b + "  app\n" + a + "  ./app_1.2_linux.bin\n" + c + "  x/app_1.2_linux.bin\n";
    const auto find = [&](const std::string& name) {
        return in_words([&] { return find_digests(sums, {{"app"}, name}, "https://o/SUMS"); });
    };
    EXPECT_EQ(find("app_1.2_linux.bin"), a);
    EXPECT_EQ(find("x/app_1.2_linux.bin"), c);
    EXPECT_EQ(find("app_1.3_linux.bin"),
              says("has no line for 'app_1.3_linux.bin', only for './app_1.2_linux.bin', 'app', "
                   "'x/app_1.2_linux.bin'" +
                   name_it));
    EXPECT_EQ(
        in_words([&] {
            return find_signed_digests(sums, {{"app"}, "x/app_1.2_linux.bin"}, "https://o/SUMS");
        }),
        c);
}

class SignedChecksums : public testing::TestWithParam<Row> {};

const std::string name_this = "; if that is meant, name it with 'checksums_name'";

/// For https://o/v2/linux/app.
TEST_P(SignedChecksums, CountByTheExactName) {
    EXPECT_EQ(in_words([] {
                  return find_signed_digests(GetParam().sums, {{"v2", "linux", "app"}, ""},
                                             "https://o/SUMS");
              }),
              GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(
    All, SignedChecksums,
    testing::Values(
        Row{"Plain", b + "  other\n" + a + "  app\n", a}, Row{"Star", a + " *app\n", a},
        Row{"DotSlash", a + "  ./app\n", a}, Row{"Bsd", "SHA256 (linux/app) = " + a + "\n", a},
        Row{"Tail", a + "  linux/app\n", a}, Row{"WholePath", a + " *./v2/linux/app\n", a},
        Row{"LongestTail", b + "  app\n" + a + "  linux/app\n", a},
        Row{"BesideOtherReleases",
            b + "  v1/linux/app\n" + a + "  v2/linux/app\n" + b + "  v3/linux/app\n", a},
        Row{"AnotherRelease", a + "  v1/linux/app\n",
            says("is signed and has no line for 'app', only for 'v1/linux/app', which the URL does "
                 "not end with" +
                 name_this)},
        Row{"AnotherFolder", a + "  dist/app\n",
            says("is signed and has no line for 'app', only for 'dist/app', which the URL does not "
                 "end with" +
                 name_this)},
        Row{"MoreThanThePath", a + "  x/v2/linux/app\n",
            says("is signed and has no line for 'app', only for 'x/v2/linux/app', which the URL "
                 "does not end with" +
                 name_this)},
        Row{"PartOfAFolder", a + "  nux/app\n",
            says("is signed and has no line for 'app', only for 'nux/app', which the URL does not "
                 "end with" +
                 name_this)},
        Row{"Absolute", a + "  /v2/linux/app\n",
            says("is signed and has no line for 'app', only for '/v2/linux/app', which the URL "
                 "does not end with" +
                 name_this)},
        Row{"Climbing", a + "  v2/../app\n",
            says("has no line for 'app', only for 'v2/../app'" + name_it)},
        Row{"Absent", a + "  other\n", says("has no line for 'app', only for 'other'" + name_it)},
        Row{"BareDigest", a + "\n",
            says("is signed and holds a digest without a name: it may be of any file, and not of "
                 "'app'")},
        Row{"TwoThatDisagree", a + "  linux/app\n" + b + "  ./linux/app\n",
            says("has two digests for 'app', in lines 1 and 2: it is not clear which one "
                 "is meant")},
        Row{"Html", "<html>", says("is an HTML page, not a checksums file")}),
    [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor
