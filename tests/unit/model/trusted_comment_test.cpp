// SPDX-License-Identifier: Apache-2.0
#include "model/trusted_comment.hpp"

#include "model/component.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(TrustedComment, OfMinisignSaysWhenAndOfWhat) {
    EXPECT_EQ(parse_trusted_comment("timestamp:1700000000\tfile:app.tar.gz\thashed"),
              (TrustedComment{1700000000, "app.tar.gz"}));
    EXPECT_EQ(parse_trusted_comment("timestamp:1700000000\tfile:app.tar.gz"),
              (TrustedComment{1700000000, "app.tar.gz"}));
    EXPECT_EQ(parse_trusted_comment("file:a b"), (TrustedComment{0, "a b"}));
}

TEST(TrustedComment, OfAnotherFormSaysNothing) {
    for (const char* text :
         {"", "\t\t", "signed by the release team", "see file:app.tar.gz", "timestamp:1 file:app",
          "timestamp:", "timestamp:-5", "timestamp:1e9", "timestamp:1234567890123456789",
          "Timestamp:5", "file:", "version 3\tof the app"})
        EXPECT_EQ(parse_trusted_comment(text), TrustedComment{}) << text;
}

Component app(bool allow_downgrade = false) {
    Component component;
    component.allow_downgrade = allow_downgrade;
    return component;
}

std::string fault(const TrustedComment& comment, std::string_view url, std::int64_t latest = 0,
                  bool allow_downgrade = false) {
    return find_comment_fault(comment, url, app(allow_downgrade), latest).value_or("");
}

TEST(TrustedComment, MustNameWhatTheUrlNames) {
    EXPECT_EQ(fault({0, "app"}, "https://o/v1/app"), "");
    EXPECT_EQ(fault({0, "app-1.0+b1"}, "https://o/app-1.0%2Bb1?x=/y#z"), "");
    EXPECT_EQ(fault({0, ""}, "https://o/v1/app"), "");
    EXPECT_EQ(fault({0, "other\x1b"}, "https://o/v1/app"),
              "is a signature of 'other\\x1b' by its trusted comment, and not of 'app'");
    EXPECT_NE(fault({0, "v1/app"}, "https://o/v1/app"), "");
    EXPECT_NE(fault({0, "app"}, "https://o/app/"), "");
}

TEST(TrustedComment, MustNotBeOlderThanWhatWasAccepted) {
    EXPECT_EQ(fault({5, ""}, "https://o/app", 5), "");
    EXPECT_EQ(fault({6, ""}, "https://o/app", 5), "");
    EXPECT_EQ(fault({0, ""}, "https://o/app", 5), "") << "nothing is known of it";
    EXPECT_EQ(fault({4, ""}, "https://o/app", 5, true), "");
    EXPECT_EQ(fault({4, ""}, "https://o/app", 100'000),
              "was made at 1970-01-01T00:00:04Z by its trusted comment, and one of "
              "1970-01-02T03:46:40Z was accepted before: is it of an older version? "
              "`allow_downgrade: true` takes it");
    EXPECT_NE(fault({4, ""}, "https://o/app", 999'999'999'999'999'999).find("999999999999999999"),
              std::string::npos);
}

TEST(TrustedComment, TheLatestIsRemembered) {
    EXPECT_EQ(latest_after(app(), 0, 5), 5);
    EXPECT_EQ(latest_after(app(), 9, 5), 9);
    EXPECT_EQ(latest_after(app(true), 9, 5), 5);
    EXPECT_EQ(latest_after(app(), 9, 0), 9);
    EXPECT_EQ(latest_after(app(true), 9, 0), 9);
}

} // namespace
} // namespace provisor
