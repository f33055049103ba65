// SPDX-License-Identifier: Apache-2.0
// Credentials: where they come from, and as which headers they are sent.
#include "base/error.hpp"
#include "model/component.hpp"
#include "support/temporary_folder.hpp"
#include "transfer/credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace provisor::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* canary = "canary-7f3a";

class Credential : public testing::Test {
protected:
    TemporaryFolder folder;
    CredentialPlaces places{{folder.path() / "first", folder.path() / "second"},
                            {folder.path() / "netrc"}};
    AuthSpec auth;

    std::vector<std::string> lines(const std::string& url = "https://origin/app") {
        return credential_headers(auth, url, places);
    }
    std::string complaint() {
        try {
            lines();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::config);
            return error.what();
        }
        ADD_FAILURE() << "taken";
        return "";
    }
};

TEST_F(Credential, ComesFromTheFirstFolderThatHasIt) {
    auth.bearer = "credential:token";
    write_text(folder.path() / "second/token", "two\n");
    EXPECT_THAT(lines(), ElementsAre("Authorization: Bearer two"));
    write_text(folder.path() / "first/token", "one\r\n");
    EXPECT_THAT(lines(), ElementsAre("Authorization: Bearer one"));
}

TEST_F(Credential, BasicIsEncodedAsRfc7617Says) {
    auth.user = "Aladdin";
    auth.password = "credential:password";
    write_text(folder.path() / "first/password", "open sesame");
    EXPECT_THAT(lines(), ElementsAre("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
}

TEST_F(Credential, AMissingOneIsToldWithTheRemedy) {
    auth.bearer = "credential:token";
    EXPECT_EQ(complaint(), "there is no credential 'token' in " + places.folders[0].string() +
                               ", " + places.folders[1].string() +
                               "; put it into /etc/credstore/token and add LoadCredential=token to "
                               "provisor.service (`systemctl edit`)");
}

TEST_F(Credential, OneThatCouldWriteHeadersOfItsOwnIsRefusedAndNotShown) {
    auth.header["X-Key"] = "credential:token";
    write_text(folder.path() / "first/token", std::string(canary) + "\nX-Other: 1");
    EXPECT_THAT(complaint(), HasSubstr("credential 'token' is empty or holds a control character"));
    EXPECT_THAT(complaint(), Not(HasSubstr(canary)));
}

TEST_F(Credential, ANameIsNoPath) {
    for (const char* name : {"credential:../shadow", "credential:", "credential:a/b"}) {
        auth.bearer = name;
        EXPECT_THAT(complaint(), HasSubstr("is no name of a credential"));
    }
}

TEST_F(Credential, OfNetrcGoesToTheHostThatItNamesAlone) {
    auth.netrc = true;
    EXPECT_THAT(lines(), ElementsAre()) << "there is no file";
    write_text(folder.path() / "netrc", "machine origin login Aladdin password \"open sesame\"\n");
    for (const char* url :
         {"https://origin/app", "https://origin:8443/app", "https://ORIGIN/app", "http://origin/"})
        EXPECT_THAT(lines(url), ElementsAre("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))
            << url;
    for (const char* url : {"https://mirror/app", "https://origin.example/app",
                            "https://mirror/origin", "https://origin@mirror/app"})
        EXPECT_THAT(lines(url), ElementsAre()) << url;
}

TEST_F(Credential, ANetrcThatCannotBeReadIsToldAndNotTakenForNone) {
    auth.netrc = true;
    std::filesystem::create_directories(folder.path() / "netrc");
    EXPECT_THAT(complaint(), HasSubstr("auth.netrc: "));
    EXPECT_THAT(complaint(), HasSubstr((folder.path() / "netrc").string()));
}

struct Netrc {
    const char* name;
    const char* text;
    const char* login; ///< "user:password", or empty for none
};
class NetrcFile : public testing::TestWithParam<Netrc> {};

TEST_P(NetrcFile, IsUnderstood) {
    const auto found = find_login(GetParam().text, "origin.example");
    EXPECT_EQ(found ? found->user + ":" + found->password : "", GetParam().login);
}

INSTANTIATE_TEST_SUITE_P(
    All, NetrcFile,
    testing::Values(
        Netrc{"Empty", "", ""},
        Netrc{"OneLine", "machine origin.example login u password p", "u:p"},
        Netrc{"Lines",
              "machine other login a password b\nmachine origin.example\n login u\n "
              "password p\n",
              "u:p"},
        Netrc{"OtherOnly", "machine other login a password b", ""},
        Netrc{"Default", "machine other login a password b default login d password e", "d:e"},
        Netrc{"MachineBeforeDefault",
              "machine origin.example login u password p default login d password e", "u:p"},
        Netrc{
            "FirstOfTwo",
            "machine origin.example login u password p\nmachine origin.example login x password y",
            "u:p"},
        Netrc{"Quoted", "machine origin.example login \"u\" password \"a b\\\"c\"", "u:a b\"c"},
        Netrc{"Comment",
              "# machine origin.example login x\nmachine origin.example login u "
              "password p",
              "u:p"},
        Netrc{"CommentBehindBlanks",
              "machine origin.example\n  # login x\n\t#\n login u password p", "u:p"},
        Netrc{"PasswordThatBeginsLikeAComment",
              "machine origin.example login u password #p # said Ann\nmachine other login x",
              "u:#p"},
        Netrc{"Macro",
              "machine other login a\nmacdef init\nmachine origin.example login x password "
              "y\n\nmachine origin.example login u password p",
              "u:p"},
        Netrc{"Account", "machine origin.example login u account password password p account x",
              "u:p"},
        Netrc{"UnknownWord", "machine origin.example login u port 80 password p", "u:p"},
        Netrc{"DefaultBeforeMachine",
              "default login d password e machine origin.example login u password p", "u:p"},
        Netrc{"CutBehindALogin", "machine origin.example login", ":"},
        Netrc{"CutBehindAMachine", "machine", ""},
        Netrc{"CutInAQuote", "machine origin.example login u password \"a b", "u:a b"},
        Netrc{"CutInAnEscape", "machine origin.example login u password \"a\\", "u:a\\"},
        Netrc{"CutInAMacro", "macdef init machine origin.example login u password p", ""},
        Netrc{"CutInAComment", "# machine origin.example login u password p", ""},
        Netrc{"UpperCase", "machine ORIGIN.example login u password p", "u:p"}),
    [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor::test
