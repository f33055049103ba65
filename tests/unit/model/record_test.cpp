// SPDX-License-Identifier: Apache-2.0
#include "model/record.hpp"

#include "base/sha256.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

HistoryEntry entry(const std::string& version, Decision decision = Decision::update) {
    return {WallTime(std::chrono::seconds(1'700'000'000)),
            decision,
            version,
            sha256_of(version),
            "https://o/x",
            "why",
            "id"};
}

TEST(Record, ComesBackFromItsJsonUnchanged) {
    Record record;
    record.hashed = {{"/opt/app", {1, 2, 3, -4, 5'000'000'000'000}, sha256_of("x")}};
    record.remember(entry("1"));
    record.remember(entry("2", Decision::repair));
    record.highest_version = "2.0.0";
    const WallTime later(std::chrono::seconds(1'800'000'000));
    record.backoff = Backoff{2, later, "wanted"};
    record.failed_check = FailedCheck{"installation", "exit status 3", {3, WallTime::max(), "x"}};
    record.remember_version({"key", "1.2"});
    record.remember_version({"other", ""});
    record.raw = true;
    EXPECT_EQ(parse_record(to_json(record)), record);
}

TEST(Record, RemembersTheVersionsFoundLast) {
    Record record;
    EXPECT_FALSE(record.found_version("0"));
    for (int i = 0; i < 12; ++i)
        record.remember_version({std::to_string(i), "v" + std::to_string(i)});
    record.remember_version({"5", "other"});
    EXPECT_EQ(record.found_versions.size(), Record::found_limit);
    EXPECT_FALSE(record.found_version("1"));
    EXPECT_EQ(record.found_version("2"), "v2");
    EXPECT_EQ(record.found_version("5"), "other");
}

TEST(Record, OfAnEarlierProvisorIsReadWithoutWhatItDoesNotHave) {
    Record record;
    record.remember(entry("1"));
    const std::string text = to_json(record);
    ASSERT_EQ(text.find("highest_version"), std::string::npos);
    EXPECT_EQ(parse_record(text), record);
}

TEST(Record, DamagedTextIsAnEmptyRecord) {
    EXPECT_EQ(parse_record(""), Record{});
    EXPECT_EQ(parse_record("{"), Record{});
    EXPECT_EQ(parse_record("{\"schema\":1,\"hashed\":3,\"history\":[]}"), Record{});
}

/// What is over, or never was to end, cannot be told of these any more; a quarantine goes by what
/// it is about, and holds also without its date.
TEST(Record, WithoutADateKeepsAQuarantineAndNothingElseThatNeedsOne) {
    Record record;
    record.remember(entry("1"));
    record.quarantine = Quarantine{"installation", "judged by", sha256_of("1"), "1", "why", {}};
    const WallTime later(std::chrono::seconds(1'800'000'000));
    record.flip_flop = FlipFlopHold{later, std::chrono::hours(1), "why"};
    record.backoff = Backoff{2, later, "wanted"};
    record.failed_check = FailedCheck{"installation", "why", {3, later, "x"}};
    std::string text = to_json(record);
    ASSERT_EQ(parse_record(text), record);
    for (std::size_t at = text.find("-"); at != std::string::npos; at = text.find("-", at + 1))
        text[at] = '?';
    Record rest;
    rest.quarantine = record.quarantine;
    EXPECT_EQ(parse_record(text), rest);
}

/// What a number that does not fit would become is undefined, or another number.
TEST(Record, WithANumberThatDoesNotFitIsAnEmptyRecord) {
    Record record;
    record.hashed = {{"/opt/app", {1, 2, 3, 4, 5}, sha256_of("x")}};
    const std::string text = to_json(record);
    ASSERT_EQ(parse_record(text), record);
    const std::size_t inode = text.find("\"inode\": 2") == std::string::npos
                                  ? text.find("\"inode\":2")
                                  : text.find("\"inode\": 2");
    ASSERT_NE(inode, std::string::npos) << text;
    const std::size_t digit = text.find('2', inode);
    for (const char* number :
         {"-2", "2.0", "2.5", "1e300", "18446744073709551616", "\"2\"", "true"})
        EXPECT_EQ(parse_record(std::string(text).replace(digit, 1, number)), Record{}) << number;
    EXPECT_NE(parse_record(std::string(text).replace(digit, 1, "18446744073709551615")), Record{});
}

TEST(Record, KeepsTheNewestOnly) {
    Record record;
    for (std::size_t i = 0; i < Record::history_limit + 10; ++i)
        record.remember(entry(std::to_string(i)));
    ASSERT_EQ(record.history.size(), Record::history_limit);
    EXPECT_EQ(record.history.front().version, "10");
}

TEST(Record, TellsWhenAContentWasPutInPlaceAndNotWhenItWasRepaired) {
    Record record;
    HistoryEntry installed = entry("1");
    HistoryEntry repaired = entry("1", Decision::repair);
    repaired.when += std::chrono::hours(5);
    record.remember(installed);
    record.remember(repaired);
    ASSERT_NE(record.last_with(sha256_of("1")), nullptr);
    EXPECT_EQ(record.last_with(sha256_of("1"))->when, installed.when);
    EXPECT_EQ(record.last_with(sha256_of("2")), nullptr);
}

} // namespace
} // namespace provisor
