// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/nginx.hpp"
#include "local/fetch/rig.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

class Tls : public testing::Test {
protected:
    void SetUp() override {
        if (!Nginx::installed())
            GTEST_SKIP() << "nginx (nginx-light) or openssl is not installed: TLS is not tested";
        nginx = &Nginx::shared();
        nginx->forget();
        nginx->publish("app", "content");
        config = test_config();
        config.timeouts.connect = std::chrono::seconds(10);
        config.tls.ca_file = nginx->file("ca.pem");
    }
    std::string outcome(const std::string& url) const {
        Rig rig(config);
        return outcome_of(rig.get(url));
    }
    Nginx* nginx = nullptr;
    AgentConfig config;
};

TEST_F(Tls, TheConfiguredAuthorityIsTrusted) {
    EXPECT_EQ(outcome(nginx->url("tls", "/app")), "200 with 7 bytes");
    config.tls.min_version = "1.3";
    EXPECT_EQ(outcome(nginx->url("tls", "/app")), "200 with 7 bytes");
    EXPECT_THAT(outcome(nginx->url("tls_1", "/app")), HasSubstr("tls: ")) << "1.2 was accepted";
}

TEST_F(Tls, AnUnknownAuthorityIsNot) {
    const std::string url = nginx->url("tls", "/app");
    config.tls.ca_file = nginx->file("other_ca.pem");
    EXPECT_THAT(outcome(url), HasSubstr("tls: '" + url + "'"));
    config.tls.ca_file = ""; // the machine's own
    EXPECT_THAT(outcome(url), HasSubstr("tls: '" + url + "'"));
    EXPECT_TRUE(nginx->log(0).empty()) << "a request was sent all the same";
}

TEST_F(Tls, AnExpiredCertificateIsRefusedWithTheMachinesTime) {
    EXPECT_THAT(outcome(nginx->url("expired", "/app")),
                testing::AllOf(HasSubstr("tls: "), HasSubstr("expired"), HasSubstr("clock says 20"),
                               HasSubstr("the certificate is 'CN = "), HasSubstr("valid from 20")));
}

TEST_F(Tls, ACertificateOfAnotherHostIsRefused) {
    EXPECT_THAT(outcome(nginx->url("other_host", "/app")), HasSubstr("tls: "));
}

TEST_F(Tls, HttpWhereTlsIsExpectedIsATlsError) {
    std::string url = nginx->url("plain", "/app");
    url.replace(0, 4, "https");
    EXPECT_THAT(outcome(url), HasSubstr("tls: "));
}

TEST_F(Tls, TheCertificateOfTheClientIsSentWhereItIsWanted) {
    // nginx says 400 to a client without.
    EXPECT_THAT(outcome(nginx->url("client", "/app")), HasSubstr("HTTP 400"));
    config.tls.client_cert = nginx->file("client.pem");
    config.tls.client_key = nginx->file("client.key");
    EXPECT_EQ(outcome(nginx->url("client", "/app")), "200 with 7 bytes");
    EXPECT_EQ(nginx->log(2).back().client_certificate, "SUCCESS");
}

TEST_F(Tls, TheCertificateOfTheClientIsNotSentAlongARedirectToAnotherOrigin) {
    config.tls.client_cert = nginx->file("client.pem");
    config.tls.client_key = nginx->file("client.key");
    EXPECT_EQ(outcome(nginx->url("client", "/away")), "200 with 7 bytes");
    const std::vector<Nginx::Line> log = nginx->log(2);
    ASSERT_EQ(log.size(), 2U);
    EXPECT_EQ(log[0].client_certificate, "SUCCESS");
    EXPECT_EQ(log[1].path, "/app");
    EXPECT_EQ(log[1].client_certificate, "NONE");
    // Asked directly it would have got it.
    EXPECT_EQ(outcome(nginx->url("tls_1", "/app")), "200 with 7 bytes");
    EXPECT_EQ(nginx->log(3).back().client_certificate, "SUCCESS");
}

TEST_F(Tls, HttpsNeverFallsBackToHttp) {
    for (const char* path : {"/down", "/down1"}) {
        nginx->forget();
        EXPECT_THAT(outcome(nginx->url("tls", path)),
                    testing::AllOf(HasSubstr("http: "), HasSubstr("refused redirect to 'http://")))
            << path;
        EXPECT_EQ(nginx->log(1).size(), 1U) << path;
    }
    EXPECT_EQ(outcome(nginx->url("tls", "/relative")), "200 with 7 bytes");
}

TEST_F(Tls, FilesThatCannotBeUsedAreNamed) {
    const std::string url = nginx->url("tls", "/app");
    config.tls.ca_file = "/nonexistent/ca.pem";
    EXPECT_THAT(outcome(url),
                HasSubstr("config: tls.ca_file: there is no file '/nonexistent/ca.pem'"));
    config.tls.ca_file = nginx->file("nginx.conf");
    EXPECT_THAT(outcome(url), HasSubstr("config: tls.ca_file: '" + nginx->file("nginx.conf")));
    config.tls.ca_file = nginx->file("ca.pem");
    config.tls.client_cert = nginx->file("client.pem");
    config.tls.client_key = nginx->file("ca.key"); // another's
    EXPECT_THAT(outcome(url), HasSubstr("tls: "));
    EXPECT_TRUE(nginx->log(0).empty());
}

} // namespace
} // namespace provisor::test
