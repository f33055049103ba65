// SPDX-License-Identifier: Apache-2.0
#include "trust/checksums.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

const std::string a(64, 'a');
const std::string b(64, 'b');
const std::string upper(64, 'A');

struct Row {
    const char* name;
    std::string sums;
    std::string result; ///< the digest, or the complaint
};

class Checksums : public testing::TestWithParam<Row> {};

TEST_P(Checksums, AreUnderstoodOrRefusedWithTheReason) {
    std::string result;
    try {
        result = find_digest(GetParam().sums, "app", "https://o/SUMS");
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::digest);
        result = error.what();
    }
    EXPECT_EQ(result, GetParam().result);
}

std::string says(const std::string& what) { return "'https://o/SUMS' " + what; }

INSTANTIATE_TEST_SUITE_P(
    All, Checksums,
    testing::Values(
        Row{"Gnu", b + "  other\n" + a + "  app\n", a}, Row{"Star", a + " *app\n", a},
        Row{"NoLastLineEnd", a + "  app", a}, Row{"Crlf", b + "  other\r\n" + a + "  app\r\n", a},
        Row{"UpperCase", upper + "  app\n", a}, Row{"Bsd", "SHA256 (app) = " + a + "\n", a},
        Row{"BsdOfOtherKindsBeside", "SHA512 (app) = " + a + a + "\nSHA256 (app) = " + a + "\n", a},
        Row{"DotSlash", a + "  ./app\n", a}, Row{"Folder", a + "  dist/app\n", a},
        Row{"PlainBeforeFolder", b + "  other/app\n" + a + "  app\n", a},
        Row{"TwoFoldersThatDisagree", b + "  x/app\n" + a + "  y/app\n",
            says(
                "has two digests for 'app', in lines 1 and 2: it is not clear which one is meant")},
        Row{"Comments", "# made today\n\n" + a + "  app\n", a}, Row{"BareDigest", a + "\n", a},
        Row{"Escaped", "\\" + a + "  app\n", a},
        Row{"ClearSigned",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + a +
                "  app\n-----BEGIN PGP SIGNATURE-----\n\n" + b + "  app\n",
            a},
        Row{"TwiceTheSame", a + "  app\n" + a + " *app\n", a},
        Row{"TwoThatDisagree", a + "  app\n" + b + "  app\n",
            says(
                "has two digests for 'app', in lines 1 and 2: it is not clear which one is meant")},
        Row{"TwoThatDisagreeInTwoForms", a + "  app\n\nSHA256 (app) = " + b + "\n",
            says(
                "has two digests for 'app', in lines 1 and 3: it is not clear which one is meant")},
        Row{"CutDigest", a.substr(1) + "  app\n",
            says("line 1: '" + a.substr(1) + "' is no digest; 64 hex digits are expected")},
        Row{"CutBesideAGoodOne", a + "  app\n" + a.substr(2) + "  app\n",
            says("line 2: '" + a.substr(2) + "' is no digest; 64 hex digits are expected")},
        Row{"Sha512", a + a + "  app\n",
            says("line 1: has a digest of 128 hex digits (SHA-512), SHA-256 is expected")},
        Row{"Absent", a + "  other\n" + b + "  app2\n",
            says("has no line for 'app', only for 2 other files")},
        Row{"Traversal", a + "  ../app\n" + a + "  x/../app\n",
            says("has no line for 'app', only for 2 other files")},
        Row{"Xml", "<?xml version=\"1.0\"?><Error/>",
            says("is an HTML page, not a SHA256SUMS file")},
        Row{"Empty", "", says("is empty, a SHA256SUMS file was expected")},
        Row{"Blank", " \n\r\n", says("is empty, a SHA256SUMS file was expected")},
        Row{"Html", "\n <!DOCTYPE html><html>", says("is an HTML page, not a SHA256SUMS file")},
        Row{"Nul", a + "  app\n" + std::string(1, '\0'),
            says("is no text, a SHA256SUMS file was expected")},
        Row{"BareDigestAmongOthers", a + "\n" + b + "  other\n",
            says("has no line for 'app', only for 2 other files")}),
    [](const auto& row) { return row.param.name; });

class SignedChecksums : public testing::TestWithParam<Row> {};

/// For https://o/v2/linux/app.
TEST_P(SignedChecksums, CountByTheExactName) {
    std::string result;
    try {
        result = find_signed_digest(GetParam().sums, {"v2", "linux", "app"}, "https://o/SUMS");
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::digest);
        result = error.what();
    }
    EXPECT_EQ(result, GetParam().result);
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
                 "not end with")},
        Row{"AnotherFolder", a + "  dist/app\n",
            says("is signed and has no line for 'app', only for 'dist/app', which the URL does not "
                 "end with")},
        Row{"MoreThanThePath", a + "  x/v2/linux/app\n",
            says("is signed and has no line for 'app', only for 'x/v2/linux/app', which the URL "
                 "does not end with")},
        Row{"PartOfAFolder", a + "  nux/app\n",
            says("is signed and has no line for 'app', only for 'nux/app', which the URL does not "
                 "end with")},
        Row{"Absolute", a + "  /v2/linux/app\n",
            says("is signed and has no line for 'app', only for '/v2/linux/app', which the URL "
                 "does not end with")},
        Row{"Climbing", a + "  v2/../app\n", says("has no line for 'app', only for 1 other file")},
        Row{"Absent", a + "  other\n", says("has no line for 'app', only for 1 other file")},
        Row{"BareDigest", a + "\n",
            says("is signed and holds a digest without a name: it may be of any file, and not of "
                 "'app'")},
        Row{"TwoThatDisagree", a + "  linux/app\n" + b + "  ./linux/app\n",
            says("has two digests for 'app', in lines 1 and 2: it is not clear which one "
                 "is meant")},
        Row{"Html", "<html>", says("is an HTML page, not a SHA256SUMS file")}),
    [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor
