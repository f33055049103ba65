// SPDX-License-Identifier: Apache-2.0
#include "journal/fields.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::StartsWith;

TEST(JournalFields, CarryPriorityIdentifierAndMessageId) {
    EXPECT_THAT(to_fields({Priority::notice, "hello", "1ba769a8ed58408893e306667e3d7ef9", {}}),
                ElementsAre("MESSAGE=hello", "PRIORITY=5", "SYSLOG_IDENTIFIER=provisor",
                            "MESSAGE_ID=1ba769a8ed58408893e306667e3d7ef9"));
}

TEST(JournalFields, LeaveOutWhatHasNoValue) {
    EXPECT_THAT(to_fields({Priority::info, "m", "", {{"PROVISOR_ETAG", ""}}}),
                ElementsAre("MESSAGE=m", "PRIORITY=6", "SYSLOG_IDENTIFIER=provisor"));
}

TEST(JournalFields, MayStandTwice) {
    const auto fields =
        to_fields({Priority::info,
                   "m",
                   "",
                   {{"OBJECT_SYSTEMD_UNIT", "a.service"}, {"OBJECT_SYSTEMD_UNIT", "b.service"}}});
    EXPECT_THAT(fields, Contains("OBJECT_SYSTEMD_UNIT=a.service"));
    EXPECT_THAT(fields, Contains("OBJECT_SYSTEMD_UNIT=b.service"));
}

struct NameCase {
    const char* test;
    std::string name;
    bool good;
};
class FieldName : public testing::TestWithParam<NameCase> {};

TEST_P(FieldName, IsTakenOnlyWhenJournaldTakesIt) {
    EXPECT_EQ(is_field_name(GetParam().name), GetParam().good);
    const auto fields = to_fields({Priority::info, "m", "", {{GetParam().name, "value"}}});
    EXPECT_EQ(fields.size(), GetParam().good ? 4U : 3U);
}

INSTANTIATE_TEST_SUITE_P(
    All, FieldName,
    testing::Values(NameCase{"plain", "PROVISOR_URL", true}, NameCase{"digits", "X2", true},
                    NameCase{"longest", std::string(64, 'A'), true},
                    NameCase{"too_long", std::string(65, 'A'), false}, NameCase{"empty", "", false},
                    NameCase{"lower_case", "PROVISOR_url", false},
                    NameCase{"journalds_own", "_PID", false},
                    NameCase{"begins_with_digit", "2X", false},
                    NameCase{"equals_sign", "A=B", false}, NameCase{"line_break", "A\nB", false}),
    [](const auto& row) { return std::string(row.param.test); });

TEST(JournalFields, HoldNoControlCharacters) {
    const auto fields = to_fields(
        {Priority::info, "m", "", {{"PROVISOR_ETAG", "\x1b[31m\"a\"\nMESSAGE=forged\r"}}});
    EXPECT_EQ(fields.back(), "PROVISOR_ETAG=\\x1b[31m\"a\"\\x0aMESSAGE=forged\\x0d");
}

TEST(JournalFields, KeepLineBreaksInTheMessageOnly) {
    const auto fields = to_fields({Priority::error, "file:1:2: bad\n  key\n\x1b^", "", {}});
    EXPECT_EQ(fields.front(), "MESSAGE=file:1:2: bad\n  key\n\\x1b^");
}

TEST(JournalFields, AreCutAtWhatJournalctlShows) {
    struct {
        const char* what;
        std::string text;
    } const cases[] = {{"plain", std::string(100'000, 'x')},
                       {"all escaped", std::string(100'000, '\x01')},
                       {"line breaks", std::string(100'000, '\n')},
                       {"many lines", [] {
                            std::string text;
                            while (text.size() < 100'000)
                                text += "a line\n";
                            return text;
                        }()}};
    for (const auto& row : cases) {
        const auto fields = to_fields({Priority::info, row.text, "", {{"PROVISOR_URL", row.text}}});
        for (const std::string& field : fields)
            EXPECT_LE(field.size(), 4096U) << row.what << ": " << field.substr(0, 12);
        EXPECT_GT(fields.front().size(), 4000U) << row.what;
        EXPECT_GT(fields.back().size(), 4000U) << row.what;
    }
}

TEST(JournalFields, AreWholeUpToTheLimit) {
    const std::string text(4000, 'x');
    EXPECT_THAT(to_fields({Priority::info, "m", "", {{"PROVISOR_URL", text}}}),
                Contains("PROVISOR_URL=" + text));
}

} // namespace
} // namespace provisor
