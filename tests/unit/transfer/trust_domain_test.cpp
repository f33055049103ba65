// SPDX-License-Identifier: Apache-2.0
#include "transfer/trust_domain.hpp"

#include "transfer/answer_limits.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TransferRequest request_of(const std::string& url, bool own = false,
                           std::vector<std::string> secrets = {}) {
    TransferRequest request;
    request.url = url;
    request.own_origin = own;
    request.secret_headers = std::move(secrets);
    return request;
}

TEST(TrustDomain, IsOneForHttpAndOneForHttpsWithoutSecrets) {
    for (const bool certificate : {false, true}) {
        const TrustDomain http{"http", false};
        const TrustDomain https{"https", false};
        EXPECT_EQ(trust_domain_of(request_of("http://a/x", true), certificate), http);
        EXPECT_EQ(trust_domain_of(request_of("http://b:81/x?y@z"), certificate), http);
        EXPECT_EQ(trust_domain_of(request_of("https://a/x@y"), certificate), https);
        EXPECT_EQ(trust_domain_of(request_of("https://b#c@d"), certificate), https);
    }
    EXPECT_FALSE(trust_domain_of(request_of("https://a/", true), false).has_secrets);
}

TEST(TrustDomain, IsTheOriginWhereThereIsASecret) {
    const TrustDomain own{"https://a:443", true};
    EXPECT_EQ(trust_domain_of(request_of("https://A/x", false, {"X-Key: s"}), false), own);
    EXPECT_EQ(trust_domain_of(request_of("https://a:443/y", true), true), own);
    EXPECT_EQ(trust_domain_of(request_of("https://user@a"), false), own);
    EXPECT_EQ(trust_domain_of(request_of("https://u:p@[::1]:8/"), false).name, "https://::1:8");
    EXPECT_EQ(trust_domain_of(request_of("http://a/", true, {"X-Key: s"}), false).name,
              "http://a:80");
}

TEST(AnswerLimits, AreLongerThanThoseOfTheFetcher) {
    const AnswerLimits limits = answer_limits({});
    EXPECT_EQ(limits.stall, seconds(70));
    EXPECT_EQ(limits.head, seconds(13 * 90 + 10));
    EXPECT_EQ(limits.total, milliseconds(0));
    EXPECT_EQ(limits.abandoned, seconds(10));
    EXPECT_EQ(answer_limits({seconds(30), seconds(60), seconds(100)}).total, seconds(110));
}

TEST(AnswerLimits, AreNoneWhereTheConfigurationHasNone) {
    for (const Duration none : {Duration::zero(), Duration::max()}) {
        const AnswerLimits limits = answer_limits({seconds(30), none, none});
        EXPECT_EQ(limits.stall, milliseconds(0));
        EXPECT_EQ(limits.head, milliseconds(0));
        EXPECT_EQ(limits.total, milliseconds(0));
        EXPECT_EQ(limits.abandoned, seconds(10));
    }
    EXPECT_EQ(answer_limits({Duration::zero(), seconds(1), {}}).head, seconds(13 * 301 + 10));
}

} // namespace
} // namespace provisor
