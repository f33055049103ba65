// SPDX-License-Identifier: Apache-2.0
#include "fetch/use_as_dictionary.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

struct Row {
    const char* name;
    std::string value;
    const char* match; ///< nullptr: of no use
    const char* id = "";
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class UseAsDictionaryHeader : public testing::TestWithParam<Row> {};

TEST_P(UseAsDictionaryHeader, IsReadAsTheRfcSays) {
    const auto use = parse_use_as_dictionary(GetParam().value);
    ASSERT_EQ(use.has_value(), GetParam().match != nullptr);
    if (use) {
        EXPECT_EQ(use->match, GetParam().match);
        EXPECT_EQ(use->id, GetParam().id);
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, UseAsDictionaryHeader,
    testing::Values(
        Row{"Match", R"(match="/product/*")", "/product/*"},
        Row{"EverythingOfTheRfc",
            R"(match="/app/*/main", match-dest=("script" "document"), id="d-12", type=raw)",
            "/app/*/main", "d-12"},
        Row{"AnyOrderAndSpacing", "id=\"x\" \t,\t match=\"a\"", "a", "x"},
        Row{"Escapes", R"(match="/a\"b\\c")", R"(/a"b\c)"},
        Row{"TheLastOfTwoCounts", R"(match="/a", match="/b")", "/b"},
        Row{"Parameters", R"(match="/a";x=1; y="2";z, later;q=:aGk=:, n=1.5, f=?0)", "/a"},
        Row{"EmptyList", R"(match="/a", match-dest=())", "/a"},
        Row{"NoMatch", R"(id="x")", nullptr}, Row{"EmptyMatch", R"(match="")", nullptr},
        Row{"OtherType", R"(match="/a", type=trained)", nullptr}, Row{"NoValue", "match", nullptr},
        Row{"Empty", "", nullptr}, Row{"UnfinishedString", R"(match="/a)", nullptr},
        Row{"UnfinishedEscape", "match=\"/a\\", nullptr},
        Row{"OtherEscape", R"(match="/\a")", nullptr},
        Row{"ControlCharacter", "match=\"/a\x1b\"", nullptr},
        Row{"NotAscii", "match=\"/\xC3\xA4\"", nullptr},
        Row{"UnfinishedList", R"(match="/a", x=("b")", nullptr},
        Row{"TrailingComma", R"(match="/a",)", nullptr},
        Row{"NoComma", R"(match="/a" id="b")", nullptr},
        Row{"UpperCaseKey", R"(Match="/a")", nullptr},
        Row{"LongMatch", "match=\"" + std::string(1025, 'a') + "\"", nullptr},
        Row{"LongId", "match=\"/a\", id=\"" + std::string(1025, 'a') + "\"", nullptr}),
    [](const auto& row) { return row.param.name; });

TEST(QuotedStrings, EscapeWhatWouldEndThem) {
    EXPECT_EQ(structured_string("a b"), R"("a b")");
    EXPECT_EQ(structured_string(R"(a"b\c)"), R"("a\"b\\c")");
}

} // namespace
} // namespace provisor
