// SPDX-License-Identifier: Apache-2.0
#include "fetch/response_headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace provisor {
namespace {

using testing::HasSubstr;

constexpr const char* date = "Wed, 21 Oct 2015 07:28:00 GMT";

/// Feeds lines as libcurl does, each with its line end; the first complaint, or nothing.
std::string complaint_about(ResponseHeaders& headers, const std::vector<std::string>& lines) {
    for (const std::string& line : lines)
        if (const auto complaint = headers.take_line(line + "\r\n"))
            return *complaint;
    return "";
}

/// The headers of a response to which nobody objects.
ResponseHeaders taken(const std::vector<std::string>& lines) {
    ResponseHeaders headers;
    EXPECT_EQ(complaint_about(headers, lines), "");
    return headers;
}

TEST(ResponseHeaders, HoldWhatMattersOfAPlainAnswer) {
    const ResponseHeaders headers =
        taken({"HTTP/1.1 200 OK", "Content-Length: 37000000", "ETag: \"5e-1\"",
               std::string("Last-Modified: ") + date, "Server: x", ""});
    EXPECT_EQ(headers.status(), 200);
    EXPECT_EQ(headers.content_length(), 37'000'000U);
    EXPECT_EQ(headers.etag(), "\"5e-1\"");
    EXPECT_EQ(headers.last_modified(), date);
    EXPECT_EQ(headers.retry_after(), "");
    EXPECT_EQ(headers.location(), "");
}

TEST(ResponseHeaders, AreReadInAnyLetterCaseAndWithAnySpacing) {
    const ResponseHeaders headers = taken({"HTTP/2 503 ", "content-LENGTH:5", "etag: \t\"a\"  ",
                                           "RETRY-AFTER:  120 ", "CONTENT-ENCODING: GZip", ""});
    EXPECT_EQ(headers.status(), 503);
    EXPECT_EQ(headers.content_length(), 5U);
    EXPECT_EQ(headers.etag(), "\"a\"");
    EXPECT_EQ(headers.retry_after(), "120");
    EXPECT_EQ(headers.content_encoding(), "gzip");
}

/// RFC 9112, 5.2: a line end before blanks is a blank.
TEST(ResponseHeaders, MayGoOnInTheNextLine) {
    const ResponseHeaders headers =
        taken({"HTTP/1.1 200 OK", "ETag:", "\t \"a\"", "X-Odd: a", " Content-Length: 5", "  b",
               "Last-Modified: Wed, 21 Oct 2015", " 07:28:00 GMT", ""});
    EXPECT_EQ(headers.etag(), "\"a\"");
    EXPECT_EQ(headers.last_modified(), date);
    EXPECT_EQ(headers.content_length(), std::nullopt) << "what continues is no header";
}

/// Nor is it a condition that anybody could hold up.
TEST(ResponseHeaders, OfADateThatIsNoneSayNothing) {
    for (const char* text : {"now", "12", "the 5th", ""})
        EXPECT_EQ(
            taken({"HTTP/1.1 200 OK", std::string("Last-Modified: ") + text, ""}).last_modified(),
            "")
            << text;
    for (const char* text : {date, "Wednesday, 21-Oct-15 07:28:00 GMT", "Wed Oct 21 07:28:00 2015"})
        EXPECT_EQ(
            taken({"HTTP/1.1 200 OK", std::string("Last-Modified: ") + text, ""}).last_modified(),
            text);
}

TEST(ResponseHeaders, KnowNoLengthWhenNoneIsDeclared) {
    EXPECT_EQ(taken({"HTTP/1.1 200 OK", ""}).content_length(), std::nullopt);
    EXPECT_EQ(taken({"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ""}).content_length(),
              std::nullopt);
}

TEST(ResponseHeaders, BeginAnewAfterARedirect) {
    const ResponseHeaders headers =
        taken({"HTTP/1.1 302 Found", "ETag: \"of-the-redirect\"", "Content-Length: 10",
               "Location: /next", std::string("Last-Modified: ") + date, "Retry-After: 5", "",
               "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ""});
    EXPECT_EQ(headers.status(), 200);
    EXPECT_EQ(headers.etag(), "");
    EXPECT_EQ(headers.last_modified(), "");
    EXPECT_EQ(headers.location(), "");
    EXPECT_EQ(headers.retry_after(), "");
    EXPECT_EQ(headers.content_length(), std::nullopt);
}

TEST(ResponseHeaders, BeginAnewAfterInterimAnswers) {
    const ResponseHeaders headers =
        taken({"HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "ETag: \"early\"",
               "Content-Length: 3", "", "HTTP/1.1 200 OK", "Content-Length: 5", ""});
    EXPECT_EQ(headers.status(), 200);
    EXPECT_EQ(headers.etag(), "");
    EXPECT_EQ(headers.content_length(), 5U);
}

TEST(ResponseHeaders, TakeNothingFromTrailers) {
    const ResponseHeaders headers =
        taken({"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "ETag: \"head\"", "",
               "ETag: \"trailer\"", "Content-Length: 3", "Last-Modified: now"});
    EXPECT_EQ(headers.etag(), "\"head\"");
    EXPECT_EQ(headers.content_length(), std::nullopt);
    EXPECT_EQ(headers.last_modified(), "");
}

struct Row {
    const char* name;
    std::vector<std::string> lines;
    const char* words; ///< of the complaint
};

class ResponseHeadersRefuse : public testing::TestWithParam<Row> {};

TEST_P(ResponseHeadersRefuse, WhatContradictsItself) {
    ResponseHeaders headers;
    std::vector<std::string> lines = GetParam().lines;
    lines.insert(lines.begin(), "HTTP/1.1 200 OK");
    lines.emplace_back("");
    EXPECT_THAT(complaint_about(headers, lines), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Framing, ResponseHeadersRefuse,
    testing::Values(
        Row{"TwoLengths", {"Content-Length: 5", "Content-Length: 6"}, "two Content-Length"},
        Row{"TwoEqualLengths", {"Content-Length: 5", "Content-Length: 5"}, "two Content-Length"},
        Row{"ListOfLengths", {"Content-Length: 5, 5"}, "no length: '5, 5'"},
        Row{"LengthThenChunked",
            {"Content-Length: 5", "Transfer-Encoding: chunked"},
            "both a Content-Length and a Transfer-Encoding"},
        Row{"ChunkedThenLength",
            {"Transfer-Encoding: chunked", "Content-Length: 5"},
            "both a Content-Length and a Transfer-Encoding"},
        Row{"NegativeLength", {"Content-Length: -1"}, "no length: '-1'"},
        Row{"LengthWithPlus", {"Content-Length: +5"}, "no length: '+5'"},
        Row{"NoNumber", {"Content-Length: many"}, "no length: 'many'"},
        Row{"NumberAndMore", {"Content-Length: 5 bytes"}, "no length: '5 bytes'"},
        Row{"HexLength", {"Content-Length: 0x10"}, "no length: '0x10'"},
        Row{"EmptyLength", {"Content-Length:"}, "no length: ''"},
        Row{"LengthBeyond64Bits", {"Content-Length: 18446744073709551616"}, "no length"},
        Row{"NulInAHeader", {std::string("X-Odd: a\0b", 10)}, "a control character"},
        Row{"EscapeInAHeader", {"X-Odd: \x1b[31m"}, "a control character"},
        Row{"ControlCharacterInLocation", {"Location: /a\x01"}, "a control character"},
        Row{"CarriageReturnInAHeader", {"X-Odd: a\rContent-Length: 5"}, "a control character"},
        Row{"SecondStatusLine",
            {"Content-Length: 5", "HTTP/1.1 200 OK", "Content-Length: 9"},
            "a malformed header line"},
        Row{"UnknownTransferEncoding", {"Transfer-Encoding: gzip, chunked"}, "'gzip, chunked'"},
        Row{"DoubledTransferEncoding",
            {"Transfer-Encoding: chunked", "Transfer-Encoding: chunked"},
            "the Transfer-Encoding 'chunked'"},
        Row{"FoldedLength", {"Content-Length: 5", " 6"}, "'content-length' in two lines"},
        Row{"LengthInTheNextLine", {"Content-Length:", "\t6"}, "'content-length' in two lines"},
        Row{"FoldedTransferEncoding",
            {"Transfer-Encoding: gzip,", " chunked"},
            "'transfer-encoding' in two lines"},
        Row{"FoldedFirst", {" X-Odd: a"}, "a malformed header line, which continues no other"},
        Row{"NulInAFoldedHeader",
            {"X-Odd: a", std::string(" b\0c", 4)},
            "a control character in the header 'X-Odd'"},
        Row{"TwoLocationsOneFolded", {"Location: /a", "Location:", " /b"}, "two Location headers"},
        Row{"BlankBeforeTheColon", {"Content-Length : 5"}, "a malformed header line"},
        Row{"NoColon", {"Content-Length 5"}, "a malformed header line"},
        Row{"NoName", {": 5"}, "a malformed header line"},
        Row{"NulInAnEtag", {std::string("ETag: \"a\0b\"", 11)}, "a control character"},
        Row{"TwoLocations", {"Location: /a", "Location: /b"}, "two Location headers"}),
    [](const auto& row) { return row.param.name; });

class ResponseHeadersStatus : public testing::TestWithParam<Row> {};

TEST_P(ResponseHeadersStatus, LineThatIsMalformedIsRefused) {
    ResponseHeaders headers;
    EXPECT_THAT(complaint_about(headers, GetParam().lines), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, ResponseHeadersStatus,
    testing::Values(Row{"None", {"Content-Length: 5"}, "without a status line"},
                    Row{"Word", {"HTTP/1.1 two-hundred"}, "a malformed status line"},
                    Row{"TwoDigits", {"HTTP/1.1 20 OK"}, "a malformed status line"},
                    Row{"FourDigits", {"HTTP/1.1 2000 OK"}, "a malformed status line"},
                    Row{"Negative", {"HTTP/1.1 -20 OK"}, "a malformed status line"},
                    Row{"NoStatus", {"HTTP/1.1"}, "a malformed status line"},
                    Row{"Nul", {std::string("HTTP/1.1 200 O\0K", 16)}, "a malformed status line"},
                    Row{"Escape", {"HTTP/1.1 200 \x1b[31m"}, "a malformed status line"}),
    [](const auto& row) { return row.param.name; });

TEST(ResponseHeaders, AreCompleteWithTheEmptyLineOfTheFinalAnswer) {
    ResponseHeaders headers;
    complaint_about(headers, {"HTTP/1.1 103 Early Hints", ""});
    EXPECT_FALSE(headers.complete());
    complaint_about(headers, {"HTTP/1.1 200 OK", "Content-Length: 5"});
    EXPECT_FALSE(headers.complete());
    complaint_about(headers, {""});
    EXPECT_TRUE(headers.complete());
}

TEST(ResponseHeaders, AreRefusedWhenThereAreMoreLinesThanAnybodySends) {
    ResponseHeaders headers;
    std::vector<std::string> lines(2000, "X-Many: x");
    lines.insert(lines.begin(), "HTTP/1.1 200 OK");
    EXPECT_THAT(complaint_about(headers, lines), HasSubstr("more than 256 header lines"));
}

TEST(ResponseHeaders, AreRefusedWhenTheyAreLongerThanAnybodys) {
    ResponseHeaders headers;
    EXPECT_THAT(
        complaint_about(headers, {"HTTP/1.1 200 OK", "X-Huge: " + std::string(70'000, 'x')}),
        HasSubstr("more than 65536 bytes of headers"));
}

TEST(ResponseHeaders, AreCountedOverAllInterimAnswersAndRedirectsTogether) {
    ResponseHeaders headers;
    std::string complaint;
    for (int turn = 0; turn < 1000 && complaint.empty(); ++turn)
        complaint = complaint_about(headers, {"HTTP/1.1 103 Early Hints", "Link: </a>", ""});
    EXPECT_THAT(complaint, HasSubstr("more than 256 header lines"));
}

TEST(ResponseHeaders, AreComplainedAboutInPrintableWords) {
    ResponseHeaders headers;
    const std::string complaint =
        complaint_about(headers, {"HTTP/1.1 200 OK", "X-Odd: \x1b]0;title\x07", ""});
    EXPECT_EQ(complaint.find_first_of("\x1b\x07"), std::string::npos) << complaint;
}

TEST(ResponseHeaders, AreComplainedAboutWithoutTheirValues) {
    // Of a redirect's it may be a signed address.
    for (const std::string line :
         {"Location: https://o/\x1b?sig=canary", "Location : https://u:canary@o",
          " https://u:canary@o", "canary"}) {
        ResponseHeaders headers;
        const std::string complaint = complaint_about(headers, {"HTTP/1.1 302 Found", line, ""});
        EXPECT_NE(complaint, "") << line;
        EXPECT_EQ(complaint.find("canary"), std::string::npos) << complaint;
    }
    ResponseHeaders headers;
    EXPECT_EQ(complaint_about(headers, {"HTTP/1.1 200 OK", "X-Odd: a\x1b", ""}),
              "a control character in the header 'X-Odd'");
}

struct Tag {
    const char* name;
    std::vector<std::string> lines;
    std::string etag; ///< what may be sent back
};

class ResponseHeadersEtag : public testing::TestWithParam<Tag> {};

TEST_P(ResponseHeadersEtag, IsKeptExactlyOrNotAtAll) {
    ResponseHeaders headers;
    std::vector<std::string> lines = GetParam().lines;
    lines.insert(lines.begin(), "HTTP/1.1 200 OK");
    lines.emplace_back();
    EXPECT_EQ(complaint_about(headers, lines), "");
    EXPECT_EQ(headers.etag(), GetParam().etag);
}

INSTANTIATE_TEST_SUITE_P(
    All, ResponseHeadersEtag,
    testing::Values(
        Tag{"Strong", {"ETag: \"abc\""}, "\"abc\""}, Tag{"Weak", {"ETag: W/\"abc\""}, "W/\"abc\""},
        Tag{"Empty", {"ETag: \"\""}, "\"\""},
        Tag{"WithObsText", {"ETag: \"\xc3\xa4\""}, "\"\xc3\xa4\""},
        Tag{"OfTheLargestSize",
            {"ETag: \"" + std::string(1022, 'x') + "\""},
            "\"" + std::string(1022, 'x') + "\""},
        Tag{"Oversized", {"ETag: \"" + std::string(1023, 'x') + "\""}, ""},
        Tag{"OfEightKibibytes", {"ETag: \"" + std::string(8192, 'x') + "\""}, ""},
        Tag{"WithoutQuotes", {"ETag: abc"}, "abc"}, Tag{"NotUtf8", {"ETag: \"a\xfc\""}, ""},
        Tag{"WithOneQuote", {"ETag: \""}, ""}, Tag{"WithAQuoteInside", {"ETag: \"a\"b\""}, ""},
        Tag{"WithASpaceInside", {"ETag: \"a b\""}, ""}, Tag{"LowerCaseW", {"ETag: w/\"a\""}, ""},
        Tag{"WithEscape", {"ETag: \"\x1b[31m\""}, ""},
        Tag{"WithLineFeed", {"ETag: \"a\nX-Injected: b\""}, ""},
        Tag{"WithDelete", {"ETag: \"a\x7f\""}, ""}, Tag{"NoValue", {"ETag:"}, ""},
        Tag{"List", {"ETag: \"a\", \"b\""}, ""}, Tag{"Doubled", {"ETag: \"a\"", "ETag: \"b\""}, ""},
        Tag{"DoubledAndEqual", {"ETag: \"a\"", "ETag: \"a\""}, ""},
        Tag{"ThreeTimes", {"ETag: \"a\"", "ETag: \"b\"", "ETag: \"c\""}, ""},
        Tag{"IllegalThenLegal", {"ETag: abc", "ETag: \"b\""}, ""}),
    [](const auto& row) { return row.param.name; });

TEST(ResponseHeaders, TellWhichPartOfTheWholeAnAnswerIs) {
    for (const char* written : {"bytes 10-19/30", "Bytes 10-19/30", "bytes  10-19/30"}) {
        const auto range =
            taken({"HTTP/1.1 206 x", std::string("Content-Range: ") + written, ""}).content_range();
        ASSERT_TRUE(range) << written;
        EXPECT_EQ(range->first, 10U);
        EXPECT_EQ(range->last, 19U);
        EXPECT_EQ(range->whole, 30U);
    }
    EXPECT_TRUE(
        taken({"HTTP/1.1 206 x", "Content-Range: bytes 0-0/1", ""}).content_range().has_value());
}

TEST(ResponseHeaders, BelieveNoPartThatCannotBe) {
    for (const char* written :
         {"bytes 19-10/30", "bytes 10-30/30", "bytes 10-19/*", "bytes */30", "bytes 10-19",
          "bytes 10/30", "bytes -10-19/30", "bytes 10-19/30 x", "bytes 10-19/30, 20-29/30",
          "bytes 10 -19/30", "bytes=10-19/30", "items 10-19/30", "bytes", "",
          "bytes 10-19/99999999999999999999", "bytes 0x1-19/30"})
        EXPECT_FALSE(
            taken({"HTTP/1.1 206 x", std::string("Content-Range: ") + written, ""}).content_range())
            << written;
    EXPECT_FALSE(taken({"HTTP/1.1 206 x", "Content-Range: bytes 10-19/30",
                        "Content-Range: bytes 10-19/30", ""})
                     .content_range())
        << "two of them say nothing";
}

TEST(ResponseHeaders, LeadToOnePlaceAtTheMost) {
    ResponseHeaders headers;
    EXPECT_THAT(complaint_about(headers, {"HTTP/1.1 302 x", "Location: https://a/",
                                          "Location: https://b/", ""}),
                HasSubstr("two Location headers"));
    EXPECT_EQ(
        taken({"HTTP/1.1 302 x", "Location: https://a/", "Location: https://a/", ""}).location(),
        "https://a/");
}

TEST(ResponseHeaders, KeepADateExactlyAsTheServerWroteIt) {
    for (const char* written : {date, "Wednesday, 21-Oct-15 07:28:00 GMT"})
        EXPECT_EQ(taken({"HTTP/1.1 200 OK", std::string("Last-Modified: ") + written, ""})
                      .last_modified(),
                  written);
}

TEST(ResponseHeaders, KeepNoDateThatCannotBeSentBack) {
    EXPECT_EQ(taken({"HTTP/1.1 503 x", "Retry-After: " + std::string(200, '1'), ""}).retry_after(),
              "");
    EXPECT_EQ(taken({"HTTP/1.1 200 OK", "Last-Modified: " + std::string(129, '1')}).last_modified(),
              "");
    EXPECT_EQ(taken({"HTTP/1.1 200 OK", "Last-Modified: \xc3\xa4"}).last_modified(), "");
}

} // namespace
} // namespace provisor
