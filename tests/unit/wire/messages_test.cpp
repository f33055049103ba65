// SPDX-License-Identifier: Apache-2.0
#include "wire/messages.hpp"

#include "base/error.hpp"

#include <cstring>
#include <functional>
#include <gtest/gtest.h>

namespace provisor {
namespace {

const FetchSettings settings{30'000,
                             60'000,
                             1ULL << 40,
                             16,
                             "1.3",
                             "http://proxy:3128",
                             "-----BEGIN CERTIFICATE-----\n",
                             std::string("c\0c", 3),
                             "key",
                             {"http_proxy=http://me:x@proxy:3128", "no_proxy="}};
const FetchRequest request{"https://example.org/a?b",
                           "W/\"tag\"",
                           "Wed, 21 Oct 2015 07:28:00 GMT",
                           1000,
                           2000,
                           "\"strong\"",
                           {"Authorization: Bearer x", "X-Key: y"},
                           ContentCoding::zstd,
                           true,
                           "0123456789abcdef",
                           "the id",
                           true};
const FetchHead head{
    206,   37'000'000,         38'000'000, "\"e\"", "Wed, 21 Oct 2015 07:28:00 GMT",
    "120", ContentCoding::dcz, "/app*",    "the id"};
const FetchFailure failure{ErrorKind::tls, "certificate has expired"};

TEST(Messages, SettingsComeBackAsTheyWere) {
    EXPECT_EQ(decode_settings(encode(settings)), settings);
    EXPECT_EQ(decode_settings(encode(FetchSettings{})), FetchSettings{});
}

TEST(Messages, ThereAreNotMoreTransfersAtOnceThanAProcessHasFiles) {
    for (const auto& [asked, taken] :
         {std::pair<std::uint64_t, std::uint64_t>{0, 1}, {1, 1}, {1024, 1024}, {100'000, 1024}}) {
        FetchSettings many;
        many.parallel = asked;
        EXPECT_EQ(decode_settings(encode(many)).parallel, taken) << asked;
    }
}

TEST(Messages, RequestsComeBackAsTheyWere) {
    EXPECT_EQ(decode_request(encode(request)), request);
    EXPECT_EQ(decode_request(encode(FetchRequest{})), FetchRequest{});
}

TEST(Messages, HeadsComeBackAsTheyWere) { EXPECT_EQ(decode_head(encode(head)), head); }

TEST(Messages, ALengthOfZeroIsNotTheSameAsNone) {
    FetchHead empty = head;
    empty.content_length = 0;
    EXPECT_EQ(decode_head(encode(empty)).content_length, std::optional<std::uint64_t>(0));
    empty.content_length.reset();
    EXPECT_EQ(decode_head(encode(empty)).content_length, std::nullopt);
}

TEST(Messages, FailuresOfEveryKindOfTransferComeBackAsTheyWere) {
    for (const ErrorKind kind :
         {ErrorKind::http, ErrorKind::tls, ErrorKind::timeout, ErrorKind::io})
        EXPECT_EQ(decode_failure(encode(FetchFailure{kind, "x"})), (FetchFailure{kind, "x"}));
}

void expect_refused(const std::function<void()>& decode, const std::string& what) {
    try {
        decode();
        ADD_FAILURE() << what << " was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::io) << what;
    }
}

struct Kind {
    const char* name;
    std::string bytes;
    std::function<void(std::string_view)> decode;
};

class MessagesRefuse : public testing::TestWithParam<Kind> {};

TEST_P(MessagesRefuse, PayloadsCutAtAnyByte) {
    const std::string& bytes = GetParam().bytes;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        expect_refused([&] { GetParam().decode(std::string_view(bytes).substr(0, size)); },
                       std::to_string(size) + " bytes");
}

TEST_P(MessagesRefuse, TrailingBytes) {
    const std::string& bytes = GetParam().bytes;
    expect_refused([&] { GetParam().decode(bytes + '\0'); }, "one byte more");
    expect_refused([&] { GetParam().decode(bytes + bytes); }, "the same again");
}

TEST_P(MessagesRefuse, TextsLongerThanTheirPayload) {
    const std::string& bytes = GetParam().bytes;
    // The last eight bytes and the empty text after them: its length now says 2^64 - 1.
    std::string lying = bytes.substr(0, bytes.size() - 8);
    const std::uint64_t length = ~0ULL;
    lying.append(reinterpret_cast<const char*>(&length), sizeof length);
    expect_refused([&] { GetParam().decode(lying); }, "a text of 2^64 - 1 bytes");
}

FetchSettings ending_with_nothing() {
    FetchSettings copy = settings;
    copy.environment.back().clear();
    return copy;
}

INSTANTIATE_TEST_SUITE_P(
    All, MessagesRefuse,
    testing::Values(Kind{"Settings", encode(ending_with_nothing()),
                         [](std::string_view bytes) { (void)decode_settings(bytes); }},
                    Kind{"Request", encode(FetchRequest{"u", "e", "", 1, 2, "s", {""}}),
                         [](std::string_view bytes) { (void)decode_request(bytes); }},
                    Kind{"Head", encode(FetchHead{200, 1, 2, "e", "l", ""}),
                         [](std::string_view bytes) { (void)decode_head(bytes); }},
                    Kind{"Failure", encode(FetchFailure{ErrorKind::http, ""}),
                         [](std::string_view bytes) { (void)decode_failure(bytes); }}),
    [](const auto& row) { return row.param.name; });

void expect_refused_with(std::string FetchHead::*field, const std::string& text) {
    FetchHead odd = head;
    odd.*field = text;
    expect_refused([&] { (void)decode_head(encode(odd)); }, text);
}

TEST(Messages, WhatCannotBeSentBackAsADictionaryIsRefused) {
    for (const std::string& text : {std::string("/a\r\nX: y"), std::string(1025, 'a')}) {
        expect_refused_with(&FetchHead::dictionary_match, text);
        expect_refused_with(&FetchHead::dictionary_id, text);
    }
}

TEST(Messages, WhatCannotBeSentBackAsAValidatorIsRefused) {
    for (const std::string& text :
         {std::string("no tag"), std::string("\"a\"\r\nX: y"), '"' + std::string(5000, 'a') + '"'})
        expect_refused_with(&FetchHead::etag, text);
    for (const std::string& text : {std::string("x\r\nX: y"), std::string(1000, 'a')}) {
        expect_refused_with(&FetchHead::last_modified, text);
        expect_refused_with(&FetchHead::retry_after, text);
    }
    FetchHead without = head;
    without.etag.clear();
    EXPECT_EQ(decode_head(encode(without)), without);
}

TEST(Messages, ACodingThatIsNoneIsRefused) {
    FetchHead odd = head;
    odd.coding = static_cast<ContentCoding>(3);
    expect_refused([&] { (void)decode_head(encode(odd)); }, "3");
}

TEST(Messages, AStatusBeyondThreeDigitsIsRefused) {
    expect_refused([] { (void)decode_head(encode(FetchHead{1000, {}, {}, "", "", ""})); }, "1000");
}

/// A failure with any number for its kind.
std::string failure_of(std::uint64_t kind) {
    std::string bytes = encode(failure);
    std::memcpy(bytes.data(), &kind, sizeof kind);
    return bytes;
}

TEST(Messages, TheFetcherCannotFailWithWhatOnlyTheAgentKnows) {
    for (const ErrorKind kind :
         {ErrorKind::size, ErrorKind::digest, ErrorKind::signature, ErrorKind::space,
          ErrorKind::unit, ErrorKind::health, ErrorKind::config})
        expect_refused([&] { (void)decode_failure(failure_of(static_cast<std::uint64_t>(kind))); },
                       std::string(to_string(kind)));
}

TEST(Messages, NumbersThatAreNoKindAreRefused) {
    // The second would be `http` in the lower half of the number.
    for (const std::uint64_t kind : {std::uint64_t{99}, std::uint64_t{1} << 32, ~std::uint64_t{0}})
        expect_refused([&] { (void)decode_failure(failure_of(kind)); }, std::to_string(kind));
}

} // namespace
} // namespace provisor
