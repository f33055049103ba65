// SPDX-License-Identifier: Apache-2.0
// Where credentials go, and where they never go.
#include "local/fetch/rig.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

namespace provisor::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* canary = "canary-7f3a";

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
    EXPECT_EQ(origin.log().at(0).request.header("authorization"), std::string("Bearer ") + canary);
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
            origin.serve(
                "/away",
                page("", "", "code=" + std::to_string(code) + ",redirto=" + other.url("/app")));
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

/// Variables of the environment, as long as this lives.
class Variables {
public:
    explicit Variables(std::map<std::string, std::string> values) : values_(std::move(values)) {
        for (const auto& [name, value] : values_)
            ::setenv(name.c_str(), value.c_str(), 1);
    }
    Variables(const Variables&) = delete;
    Variables& operator=(const Variables&) = delete;
    ~Variables() {
        for (const auto& [name, value] : values_)
            ::unsetenv(name.c_str());
    }

private:
    std::map<std::string, std::string> values_;
};

TEST_F(SecretHeaders, OfAProxyInTheEnvironmentReachTheProxyAndNotTheFetchersEnvironment) {
    const AgentConfig config = test_config(); // which takes what there is from the environment
    Origin proxy;
    proxy.serve(origin.url("/app"), page("by way of the proxy"));
    std::string url = proxy.url("");
    url.insert(url.find("127."), std::string("me:") + canary + "@");
    for (const char* name : {"http_proxy", "all_proxy"}) {
        const Variables variables({{name, url}});
        Rig own(config);
        ASSERT_EQ(body_of(own.get(origin.url("/app"))), "by way of the proxy") << name;
        EXPECT_THAT(proxy.log().back().request.header("proxy-authorization"), HasSubstr("Basic "));
        const std::string pid = std::to_string(own.transfer().fetcher_pid());
        for (const char* file : {"/cmdline", "/environ"})
            EXPECT_THAT(read_text("/proc/" + pid + file), Not(HasSubstr(canary))) << name << file;
    }
    EXPECT_TRUE(origin.log().empty()) << "the proxy was gone round";

    const Variables variables({{"http_proxy", url}, {"no_proxy", "127.0.0.1"}});
    Rig own(config);
    EXPECT_EQ(body_of(own.get(origin.url("/app"))), "content") << "no_proxy is not heeded";
}

} // namespace
} // namespace provisor::test
