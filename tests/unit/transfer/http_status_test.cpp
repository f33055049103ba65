// SPDX-License-Identifier: Apache-2.0
#include "transfer/http_status.hpp"

#include "base/error.hpp"
#include "base/error_kind.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

WallTime now() { return *parse_rfc3339("2026-01-31T12:00:00Z"); }

struct Row {
    int status;
    const char* words;
};

class StatusError : public testing::TestWithParam<Row> {};

TEST_P(StatusError, NamesTheStatusTheUrlAndWhatToDo) {
    const auto& [status, words] = GetParam();
    const Error error = status_error(status, "https://example.org/a", Credentials::none, "", now());
    EXPECT_EQ(error.kind(), ErrorKind::http);
    EXPECT_EQ(error.http_status, status);
    EXPECT_EQ(error.url, "https://example.org/a");
    EXPECT_EQ(error.retry_after, std::nullopt);
    EXPECT_THAT(error.what(), HasSubstr("HTTP " + std::to_string(status)));
    EXPECT_THAT(error.what(), HasSubstr("'https://example.org/a'"));
    EXPECT_THAT(error.what(), HasSubstr(words));
}

TEST(StatusError, SaysWhetherCredentialsAreMissingOrWrong) {
    EXPECT_THAT(status_error(401, "u", Credentials::sent, "", now()).what(),
                HasSubstr("the credentials (auth:) were refused"));
    EXPECT_THAT(status_error(401, "u", Credentials::sent, "", now()).what(),
                testing::Not(HasSubstr("set auth")));
}

INSTANTIATE_TEST_SUITE_P(
    All, StatusError,
    testing::Values(Row{204, "204 No Content from"}, Row{204, "only 200 carries an artifact"},
                    Row{206, "206 Partial Content"}, Row{206, "only 200"},
                    Row{300, "a redirect that leads nowhere"}, Row{302, "leads nowhere"},
                    Row{304, "a 304 without a condition"}, Row{400, "Bad Request"},
                    Row{401, "it needs credentials: set auth"},
                    Row{403, "it needs credentials: set auth"}, Row{404, "Not Found"},
                    Row{404, "is the version published, and the URL right?"},
                    Row{407, "the proxy needs credentials"}, Row{410, "is the version published"},
                    Row{416, "Range Not Satisfiable"}, Row{418, "HTTP 418 from"},
                    Row{429, "Too Many Requests"}, Row{500, "Internal Server Error"},
                    Row{502, "Bad Gateway"}, Row{503, "Service Unavailable"},
                    Row{504, "Gateway Timeout"}, Row{599, "HTTP 599 from"}),
    [](const auto& row) {
        return "Status" + std::to_string(row.param.status) + "Row" + std::to_string(row.index);
    });

TEST(StatusErrorRetry, IsTakenFromTheAnswersThatMayAskForPatience) {
    EXPECT_EQ(status_error(503, "u", Credentials::none, "120", now()).retry_after, seconds(120));
    EXPECT_EQ(status_error(429, "u", Credentials::none, "120", now()).retry_after, seconds(120));
    EXPECT_EQ(status_error(404, "u", Credentials::none, "120", now()).retry_after, std::nullopt);
    EXPECT_EQ(status_error(503, "u", Credentials::none, "soon", now()).retry_after, std::nullopt);
}

struct Text {
    const char* name;
    const char* text;
    std::optional<seconds> expected;
};

class RetryAfter : public testing::TestWithParam<Text> {};

TEST_P(RetryAfter, IsReadFromSecondsAndDates) {
    EXPECT_EQ(parse_retry_after(GetParam().text, now()), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, RetryAfter,
    testing::Values(Text{"Zero", "0", seconds(0)}, Text{"Seconds", "120", seconds(120)},
                    Text{"ManyYears", "315360000", seconds(315'360'000)},
                    Text{"Date", "Sat, 31 Jan 2026 12:02:00 GMT", seconds(120)},
                    Text{"DateOfNow", "Sat, 31 Jan 2026 12:00:00 GMT", seconds(0)},
                    Text{"DateInThePast", "Wed, 21 Oct 2015 07:28:00 GMT", seconds(0)},
                    Text{"DateInFarFuture", "Fri, 31 Dec 9999 23:59:59 GMT", seconds(315'360'000)},
                    Text{"Empty", "", std::nullopt}, Text{"Word", "soon", std::nullopt},
                    Text{"Negative", "-1", std::nullopt}, Text{"Plus", "+1", std::nullopt},
                    Text{"Fraction", "1.5", std::nullopt}, Text{"Unit", "120s", std::nullopt},
                    Text{"Hex", "0x10", std::nullopt},
                    Text{"BeyondNumbers", "99999999999999999999", std::nullopt},
                    Text{"AlmostBeyondNumbers", "9223372036854775807", seconds(315'360'000)},
                    Text{"DateWithoutZone", "Sat, 31 Jan 2026 12:02:00", std::nullopt},
                    Text{"DateInAnotherZone", "Sat, 31 Jan 2026 12:02:00 CET", std::nullopt},
                    Text{"DateAndMore", "Sat, 31 Jan 2026 12:02:00 GMT!", std::nullopt},
                    Text{"DateThatIsNone", "Sat, 99 Jan 2026 12:02:00 GMT", std::nullopt}),
    [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor
