// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"

#include "base/sha256.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

class Conditional : public testing::Test {
protected:
    Origin origin;
    Rig rig;
};

TEST_F(Conditional, TakesABodyWithItsDigestAndValidatorExactlyAsTheyAre) {
    Page served = page("the program\n", "W/\"weak,\xC3\xA4\"");
    served.last_modified = "Mon, 01 Jan 2024 00:00:00 GMT";
    origin.serve("/app", served);
    const TransferResult result = rig.get(origin.url("/app"));
    EXPECT_EQ(body_of(result), "the program\n");
    EXPECT_EQ(result.body->sha256, sha256_of("the program\n"));
    EXPECT_EQ(result.bytes, 12U);
    EXPECT_EQ(result.http_status, 200);
    EXPECT_EQ(result.validator,
              (Validator{"W/\"weak,\xC3\xA4\"", "Mon, 01 Jan 2024 00:00:00 GMT"}));
    const Request asked = origin.log().at(0).request;
    EXPECT_EQ(asked.method, "GET");
    EXPECT_EQ(asked.header("accept-encoding"), "identity");
    EXPECT_FALSE(asked.headers.contains("if-none-match"));
    EXPECT_FALSE(asked.headers.contains("if-modified-since"));
    EXPECT_EQ(asked.header("cache-control"), "no-cache");
    EXPECT_FALSE(asked.headers.contains("authorization"));
    EXPECT_FALSE(asked.headers.contains("cookie"));
    EXPECT_THAT(asked.header("user-agent"), HasSubstr("provisor/"));
}

TEST_F(Conditional, AnUnchangedETagCostsOneRequestAndNoBodyByte) {
    origin.serve("/app", page("content", "\"1\""));
    const TransferResult result =
        rig.get(origin.url("/app"), {"\"1\"", "Mon, 01 Jan 2024 00:00:00 GMT"});
    EXPECT_TRUE(result.not_modified);
    EXPECT_EQ(result.http_status, 304);
    EXPECT_EQ(result.bytes, 0U);
    EXPECT_EQ(rig.bodies_opened(), 0U);
    EXPECT_EQ(origin.body_bytes(), 0U);
    ASSERT_EQ(origin.log().size(), 1U);
    // Both conditions, and the origin's own word.
    EXPECT_EQ(origin.log()[0].request.header("if-none-match"), "\"1\"");
    EXPECT_EQ(origin.log()[0].request.header("if-modified-since"), "Mon, 01 Jan 2024 00:00:00 GMT");
    EXPECT_EQ(origin.log()[0].request.header("cache-control"), "no-cache");
}

TEST_F(Conditional, AnotherETagBringsTheNewBody) {
    origin.serve("/app", page("new content", "\"2\""));
    const TransferResult result = rig.get(origin.url("/app"), {"\"1\"", ""});
    EXPECT_EQ(body_of(result), "new content");
    EXPECT_EQ(result.validator.etag, "\"2\"");
}

TEST_F(Conditional, ADateAloneIsSentBackAsTheServerWroteIt) {
    Page served = page("content");
    served.last_modified = "Mon Jan  1 00:00:00 2024"; // asctime(), RFC 9110, 5.6.7
    origin.serve("/app", served);
    const Validator validator = rig.get(origin.url("/app")).validator;
    const TransferResult result = rig.get(origin.url("/app"), validator);
    EXPECT_EQ(outcome_of(result), "304");
    EXPECT_EQ(origin.log().at(1).request.header("if-modified-since"), "Mon Jan  1 00:00:00 2024");
}

TEST_F(Conditional, AWeakETagRevalidates) {
    origin.serve("/app", page("content", "W/\"1\""));
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"), {"W/\"1\"", ""})), "304");
    EXPECT_EQ(origin.log().at(0).request.header("if-none-match"), "W/\"1\"");
}

TEST_F(Conditional, AnOriginThatIgnoresConditionsSendsItsBody) {
    origin.serve("/app", page("content", "\"1\"", "no304"));
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"), {"\"1\"", ""})), "200 with 7 bytes");
}

TEST_F(Conditional, A304WithoutAConditionIsAnError) {
    origin.serve("/app", page("content", "\"1\"", "spur304"));
    const TransferResult result = rig.get(origin.url("/app"));
    EXPECT_THAT(outcome_of(result), HasSubstr("http: HTTP 304"));
    EXPECT_THAT(outcome_of(result), HasSubstr("304 without a condition"));
    EXPECT_EQ(rig.bodies_opened(), 0U);
}

TEST_F(Conditional, ETagsThatCannotBeSentBackCountAsNone) {
    const std::string names[] = {"two words",      "\"abc\xfc\"",
                                 "\"not closed",   "\"two\" \"tags\"",
                                 "\"esc\x1b[2J\"", "\"" + std::string(1100, 'x') + "\"",
                                 "w/\"lower\""};
    for (const std::string& etag : names) {
        origin.serve("/app", page("content", etag));
        const TransferResult result = rig.get(origin.url("/app"));
        EXPECT_EQ(outcome_of(result), "200 with 7 bytes") << etag;
        EXPECT_EQ(result.validator.etag, "") << etag;
    }
}

TEST_F(Conditional, AnETagWithoutItsQuotesIsSentBackAsItCame) {
    origin.serve("/app", page("content", "5f3e-1a"));
    const TransferResult result = rig.get(origin.url("/app"));
    EXPECT_EQ(result.validator.etag, "5f3e-1a");
    EXPECT_FALSE(is_strong(result.validator)) << "nothing is put together by it";
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"), result.validator)), "304");
    EXPECT_EQ(origin.log().at(1).request.header("if-none-match"), "5f3e-1a");
}

TEST_F(Conditional, TheValidatorIsTheFinalAnswersAndNoOthers) {
    origin.serve("/app", page("content", "\"final\""));
    for (const char* query : {"?redir=3", "?early", "?trailer"}) {
        const TransferResult result = rig.get(origin.url("/app") + query);
        EXPECT_EQ(outcome_of(result), "200 with 7 bytes") << query;
        EXPECT_EQ(result.validator.etag, "\"final\"") << query;
    }
}

TEST_F(Conditional, AFinalAnswerWithoutValidatorTakesNoneFromItsRedirect) {
    origin.serve("/app", page("content"));
    const TransferResult result = rig.get(origin.url("/app?redir=1"));
    EXPECT_EQ(outcome_of(result), "200 with 7 bytes");
    EXPECT_TRUE(result.validator.empty());
}

} // namespace
} // namespace provisor::test
