// SPDX-License-Identifier: Apache-2.0
#include "wire/member_name.hpp"

#include <clocale>
#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(MemberName, IsMatchedLikeAPathInAShell) {
    const struct {
        const char* pattern;
        const char* name;
        bool matches;
    } rows[] = {
        {"app", "app", true},
        {"app", "App", false},
        {"app", "./app", true},
        {"app", ".//app", true},
        {"app", "././app", true},
        {"./app", "app", true},
        {"app", "app/", true},
        {"app", "dir/app", false},
        {"*", "app", true},
        {"*", "dir/app", false},
        {"*/app", "dir/app", true},
        {"*/app", "a/b/app", false},
        {"*/app", "app", false},
        {"*/app", "./app", false},
        {"app-*/bin/app", "app-1.2/bin/app", true},
        {"a?p", "app", true},
        {"a?p", "a/p", false},
        {"[ab]pp", "bpp", true},
        {"[!a]pp", "app", false},
        {"*", ".hidden", true},
        {"a\\*", "a*", true},
        {"a\\*", "ab", false},
        {"*", "", false},
        {"", "", false},
        {"..", "..", true}, // refused by another function
    };
    for (const auto& row : rows)
        EXPECT_EQ(member_matches(row.pattern, row.name), row.matches)
            << row.pattern << " and " << row.name;
}

TEST(MemberName, IsMatchedByBytesInEveryLocale) {
    for (const char* locale : {"C", "C.UTF-8"}) {
        std::setlocale(LC_ALL, locale);
        EXPECT_FALSE(member_matches("a?p", "aüp")) << locale;
        EXPECT_TRUE(member_matches("a??p", "aüp")) << locale;
        EXPECT_TRUE(member_matches("a?p", "a\xffp")) << locale;
        EXPECT_TRUE(member_matches("größe/*", "größe/app")) << locale;
    }
    std::setlocale(LC_ALL, "C");
}

TEST(MemberName, MatchesNothingWhenItIsLongerThanAnyPathOrHoldsAZero) {
    EXPECT_TRUE(member_matches("*", std::string(max_member_name, 'a')));
    EXPECT_FALSE(member_matches("*", std::string(max_member_name + 1, 'a')));
    EXPECT_FALSE(member_matches("app", std::string_view("app\0/../x", 9)));
}

TEST(MemberName, HasAProblemWhenItWouldLeaveItsFolder) {
    const struct {
        const char* name;
        const char* problem;
    } rows[] = {
        {"app", nullptr},
        {"dir/app", nullptr},
        {"dir/..app", nullptr},
        {"größe", nullptr},
        {"", "an empty name"},
        {"/app", "an absolute name"},
        {"..", "a name with \"..\""},
        {"../app", "a name with \"..\""},
        {"dir/..", "a name with \"..\""},
        {"dir/../app", "a name with \"..\""},
        {"dir//../app", "a name with \"..\""},
        {"\xff", "a name that is not UTF-8"},
    };
    for (const auto& row : rows)
        EXPECT_STREQ(member_name_problem(row.name), row.problem) << row.name;
    EXPECT_EQ(member_name_problem(std::string(max_member_name, 'a')), nullptr);
    EXPECT_STREQ(member_name_problem(std::string(max_member_name + 1, 'a')),
                 "a name of more than 4096 bytes");
}

} // namespace
} // namespace provisor
