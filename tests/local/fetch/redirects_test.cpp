// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

class Redirects : public testing::Test {
protected:
    Origin origin;
    Origin elsewhere;
    Rig rig;
};

TEST_F(Redirects, AreFollowedWithTheirCondition) {
    origin.serve("/app", page("content", "\"1\""));
    for (const char* code : {"301", "302", "303", "307", "308"}) {
        origin.forget();
        const std::string url = origin.url("/app?redir=5&code=") + code;
        EXPECT_EQ(outcome_of(rig.get(url)), "200 with 7 bytes") << code;
        EXPECT_EQ(outcome_of(rig.get(url, {"\"1\"", ""})), "304") << code;
        EXPECT_EQ(origin.count(std::stoi(code)), 10U);
    }
    EXPECT_EQ(origin.connections(), 1U);
}

TEST_F(Redirects, EndAfterTen) {
    origin.serve("/app", page("content"));
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app?redir=10"))), "200 with 7 bytes");
    for (const char* query : {"?redir=11", "?loop"}) {
        origin.forget();
        EXPECT_THAT(outcome_of(rig.get(origin.url("/app") + query)),
                    HasSubstr("more than 10 redirects"));
        EXPECT_EQ(origin.log().size(), 11U) << query;
    }
    EXPECT_EQ(rig.bodies_opened(), 1U);
}

TEST_F(Redirects, ToOtherSchemesAreRefusedWithoutARequest) {
    const std::string secret = "/tmp/x?token=secret";
    for (const char* target :
         {"ftp://127.0.0.1", "file://", "gopher://127.0.0.1", "dict://127.0.0.1"}) {
        origin.serve("/app", page("", "", "redirto=" + (target + secret)));
        const std::string outcome = outcome_of(rig.get(origin.url("/app")));
        EXPECT_THAT(outcome, HasSubstr("http: ")) << target;
        EXPECT_THAT(outcome, HasSubstr("refused redirect to '" + std::string(target))) << target;
        EXPECT_EQ(outcome.find("secret"), std::string::npos) << outcome;
    }
}

TEST_F(Redirects, ToWhatIsNoAddressAreErrors) {
    for (const char* target :
         {"http://", "http://[::1", "http://bad host/", "http://127.0.0.1:99999/"}) {
        origin.serve("/app", page("", "", std::string("redirto=") + target));
        EXPECT_THAT(outcome_of(rig.get(origin.url("/app"))), HasSubstr("http: ")) << target;
    }
}

TEST_F(Redirects, WithoutAnAddressAreErrors) {
    origin.serve("/app", page("", "", "status=302"));
    EXPECT_THAT(outcome_of(rig.get(origin.url("/app"))), HasSubstr("HTTP 302"));
}

TEST_F(Redirects, ToAnotherOriginTakeNoCredentialsAlong) {
    elsewhere.serve("/final", page("content", "\"1\""));
    origin.serve("/back", page("content"));
    origin.serve("/app", page("", "", "redirto=" + elsewhere.url("/final")));
    origin.serve("/here", page("", "", "redirto=/back"));
    std::string url = origin.url("/app");
    url.insert(url.find("127"), "user:password@");
    EXPECT_EQ(outcome_of(rig.get(url)), "200 with 7 bytes");
    EXPECT_NE(origin.log().at(0).request.header("authorization"), "");
    EXPECT_EQ(elsewhere.log().at(0).request.header("authorization"), "");
    EXPECT_EQ(elsewhere.log().at(0).request.header("cookie"), "");

    url = origin.url("/here");
    url.insert(url.find("127"), "user:password@");
    EXPECT_EQ(outcome_of(rig.get(url)), "200 with 7 bytes");
    EXPECT_NE(origin.log().at(2).request.header("authorization"), "") << "lost at its own origin";
}

/// Who was redirected to chooses where to go on: also back, to another path.
TEST_F(Redirects, OutAndBackAgainTakeNoCredentialsAlong) {
    elsewhere.serve("/out", page("", "", "redirto=" + origin.url("/back")));
    origin.serve("/back", page("", "", "redirto=/end"));
    origin.serve("/end", page("content"));
    origin.serve("/app", page("", "", "redirto=/here"));
    origin.serve("/here", page("", "", "redirto=" + elsewhere.url("/out")));
    std::string url = origin.url("/app");
    url.insert(url.find("127"), "user:password@");
    for (const bool by_url : {true, false}) {
        origin.forget();
        TransferRequest request = rig.request(by_url ? url : origin.url("/app"));
        if (!by_url)
            request.secret_headers = {"Authorization: Bearer secret", "X-Key: secret"};
        std::vector<TransferRequest> requests;
        requests.push_back(std::move(request));
        EXPECT_EQ(outcome_of(rig.run(std::move(requests)).at(0)), "200 with 7 bytes");
        ASSERT_EQ(origin.log().size(), 4U);
        for (const std::size_t at : {0U, 1U})
            EXPECT_NE(origin.log()[at].request.header("authorization"), "") << at;
        for (const std::size_t at : {2U, 3U}) {
            EXPECT_EQ(origin.log()[at].request.header("authorization"), "") << at;
            EXPECT_EQ(origin.log()[at].request.header("x-key"), "") << at;
        }
    }
}

TEST_F(Redirects, CredentialsOfARedirectsOwnAreNotUsed) {
    std::string target = elsewhere.url("/final");
    elsewhere.serve("/final", page("content"));
    target.insert(target.find("127"), "planted:planted@");
    origin.serve("/app", page("", "", "redirto=" + target));
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 7 bytes");
    EXPECT_EQ(elsewhere.log().at(0).request.header("authorization"), "");
}

} // namespace
} // namespace provisor::test
