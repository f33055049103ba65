// SPDX-License-Identifier: Apache-2.0
#include "wire/validator_text.hpp"

#include <gtest/gtest.h>
#include <string>

namespace provisor {
namespace {

TEST(EntityTag, IsAQuotedTextOfVisibleCharacters) {
    for (const std::string& text :
         {std::string(R"("abc")"), std::string(R"(W/"abc")"), std::string(R"("")"),
          std::string(R"("!#~")"), "\"" + std::string(1022, 'x') + "\"",
          std::string("\"\xc3\xa4\"")})
        EXPECT_TRUE(is_entity_tag(text)) << text;
}

/// As some origins send it, without its quotes.
TEST(EntityTag, IsVisibleAsciiAsWell) {
    for (const char* text : {"abc", "W/abc", "5f3e-1a", "d41d8cd98f00b204e9800998ecf8427e", "W/"})
        EXPECT_TRUE(is_entity_tag(text)) << text;
}

TEST(EntityTag, IsNothingElse) {
    for (const std::string& text : {std::string(),
                                    std::string("\""),
                                    std::string("*"),
                                    std::string("a,b"),
                                    std::string("a b"),
                                    std::string("a\xc3\xa4"),
                                    std::string("\"a\xfc\""),
                                    std::string(1025, 'x'),
                                    std::string(R"(w/"abc")"),
                                    std::string(R"(W "abc")"),
                                    std::string(R"("a"b")"),
                                    std::string(R"("a b")"),
                                    std::string(R"("a", "b")"),
                                    std::string(" \"a\""),
                                    std::string("\"a\" "),
                                    std::string("\"a\x1b\""),
                                    std::string("\"a\r\nX: y\""),
                                    std::string("\"a\0\"", 4),
                                    std::string("\"a\x7f\""),
                                    "\"" + std::string(1023, 'x') + "\""})
        EXPECT_FALSE(is_entity_tag(text)) << text;
}

TEST(DateText, IsAnyShortPrintableText) {
    EXPECT_TRUE(is_date_text("Wed, 21 Oct 2015 07:28:00 GMT"));
    EXPECT_TRUE(is_date_text("120"));
    EXPECT_TRUE(is_date_text(std::string(128, 'x')));
    EXPECT_FALSE(is_date_text(std::string(129, 'x')));
    EXPECT_FALSE(is_date_text("a\tb"));
    EXPECT_FALSE(is_date_text("a\r\nX: y"));
    EXPECT_FALSE(is_date_text("\x1b[31m"));
    EXPECT_FALSE(is_date_text("\xc3\xa4"));
    EXPECT_FALSE(is_date_text(std::string("a\0b", 3)));
}

} // namespace
} // namespace provisor
