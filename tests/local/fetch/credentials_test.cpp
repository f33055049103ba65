// SPDX-License-Identifier: Apache-2.0
// Credentials: where they come from, and where alone they go.
#include "local/fetch/rig.hpp"
#include "transfer/credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
        Netrc{"Lines", "machine other login a password b\nmachine origin.example\n login u\n "
                       "password p\n",
              "u:p"},
        Netrc{"OtherOnly", "machine other login a password b", ""},
        Netrc{"Default", "machine other login a password b default login d password e", "d:e"},
        Netrc{"MachineBeforeDefault",
              "machine origin.example login u password p default login d password e", "u:p"},
        Netrc{"FirstOfTwo",
              "machine origin.example login u password p\nmachine origin.example login x password y",
              "u:p"},
        Netrc{"Quoted", "machine origin.example login \"u\" password \"a b\\\"c\"", "u:a b\"c"},
        Netrc{"Comment", "# machine origin.example login x\nmachine origin.example login u "
                         "password p",
              "u:p"},
        Netrc{"Macro", "machine other login a\nmacdef init\nmachine origin.example login x password "
                       "y\n\nmachine origin.example login u password p",
              "u:p"},
        Netrc{"UpperCase", "machine ORIGIN.example login u password p", "u:p"}),
    [](const auto& row) { return row.param.name; });

TEST(Origins, AreSchemeHostAndPort) {
    EXPECT_TRUE(same_origin_url("https://a/x", "https://A:443/y?z"));
    EXPECT_TRUE(same_origin_url("http://u:p@a:80", "http://a/"));
    EXPECT_TRUE(same_origin_url("http://[::1]:8080/", "http://[::1]:8080/x"));
    EXPECT_FALSE(same_origin_url("http://[::1]:8080/", "http://[::1]/x"));
    EXPECT_FALSE(same_origin_url("https://a/", "http://a/"));
    EXPECT_FALSE(same_origin_url("https://a/", "https://a.b/"));
    EXPECT_FALSE(same_origin_url("https://a@b/", "https://a/"));
}

class SecretHeaders : public testing::Test {
protected:
    SecretHeaders() { origin.serve("/app", page("content")); }
    TransferResult get(const std::string& url) {
        TransferRequest request = rig.request(url);
        request.secret_headers = {std::string("Authorization: Bearer ") + canary,
                                  std::string("X-Key: ") + canary};
        std::vector<TransferRequest> requests;
        requests.push_back(std::move(request));
        return std::move(rig.run(std::move(requests)).at(0));
    }
    Origin origin;
    Origin other;
    Rig rig;
};

TEST_F(SecretHeaders, GoToTheirOrigin) {
    EXPECT_EQ(outcome_of(get(origin.url("/app"))), "200 with 7 bytes");
    EXPECT_EQ(origin.log().at(0).request.header("authorization"),
              std::string("Bearer ") + canary);
    EXPECT_EQ(origin.log().at(0).request.header("x-key"), canary);
}

TEST_F(SecretHeaders, FollowARedirectWithinTheOriginOnly) {
    origin.serve("/here", page("", "", "redirto=" + origin.url("/app")));
    get(origin.url("/here"));
    EXPECT_EQ(origin.log().at(1).request.header("x-key"), canary);
}

TEST_F(SecretHeaders, NeverReachAnotherOriginInAThousandRedirects) {
    other.serve("/app", page("content"));
    for (const int code : {301, 302, 303, 307, 308})
        for (int i = 0; i < 200; ++i) {
            origin.serve("/away", page("", "", "code=" + std::to_string(code) +
                                                   ",redirto=" + other.url("/app")));
            ASSERT_EQ(outcome_of(get(origin.url("/away"))), "200 with 7 bytes");
        }
    const auto log = other.log();
    ASSERT_EQ(log.size(), 1000U);
    std::size_t leaks = 0;
    for (const Exchange& exchange : log)
        for (const auto& [name, value] : exchange.request.headers)
            leaks += value.find(canary) != std::string::npos ? 1 : 0;
    EXPECT_EQ(leaks, 0U);
    std::printf("1000 redirects to another origin: %zu credentials there\n", leaks);
}

TEST_F(SecretHeaders, AreNoPartOfWhatIsTold) {
    origin.serve("/app", page("content", "", "status=401"));
    EXPECT_THAT(outcome_of(get(origin.url("/app"))), HasSubstr("were refused"));
    EXPECT_THAT(outcome_of(get(origin.url("/app"))), Not(HasSubstr(canary)));
}

TEST_F(SecretHeaders, AreNotInArgumentsOrEnvironmentOfTheFetcher) {
    get(origin.url("/app"));
    const std::string pid = std::to_string(rig.transfer().fetcher_pid());
    for (const char* file : {"/cmdline", "/environ"})
        EXPECT_THAT(read_text("/proc/" + pid + file), Not(HasSubstr(canary))) << file;
}

} // namespace
} // namespace provisor::test
