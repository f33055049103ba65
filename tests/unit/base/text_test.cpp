// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
    EXPECT_EQ(printable("Grüße, 世界 1.0"), "Grüße, 世界 1.0");
}

TEST(Printable, DisarmsWhatMovesTheCursorOrTurnsTheText) {
    EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
    EXPECT_EQ(printable("a\nb\r"), "a\\x0ab\\x0d");
    EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");          // C1 control sequence introducer
    EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae"); // right-to-left override
    EXPECT_EQ(printable("\x7f"), "\\x7f");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
    EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf"); // overlong '/'
}

TEST(Printable, IsCutAtTheLimit) { EXPECT_EQ(printable("abcdef", 3), "abc…"); }

TEST(LowerCase, IsOfAsciiLettersAlone) {
    EXPECT_EQ(lower_case("SHA256 (Å) \xC4[]@Z"), "sha256 (Å) \xC4[]@z");
}

TEST(InvalidUtf8, FindsTheFirstBadByte) {
    EXPECT_EQ(invalid_utf8("gut ✓"), std::string_view::npos);
    EXPECT_EQ(invalid_utf8("ab\xff"), 2U);
    EXPECT_EQ(invalid_utf8("\xed\xa0\x80"), 0U);     // surrogate
    EXPECT_EQ(invalid_utf8("\xf4\x90\x80\x80"), 0U); // beyond U+10FFFF
    EXPECT_EQ(invalid_utf8("x\xe2\x82"), 1U);        // cut sequence
}

TEST(LineOf, IsWithoutItsEnd) {
    EXPECT_EQ(line_of("a\nb\r\n\nc", 1), "a");
    EXPECT_EQ(line_of("a\nb\r\n\nc", 2), "b");
    EXPECT_EQ(line_of("a\nb\r\n\nc", 3), "");
    EXPECT_EQ(line_of("a\nb\r\n\nc", 4), "c");
    EXPECT_EQ(line_of("a\n", 2), "");
    EXPECT_EQ(line_of("a", 2), "") << "there is none";
}

} // namespace
} // namespace provisor
