// SPDX-License-Identifier: Apache-2.0
#include "model/shown_url.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(ShownUrl, LeavesAnOrdinaryUrlAlone) {
    EXPECT_EQ(shown_url("https://o/x?a=1&b=2#c"), "https://o/x?a=1&b=2#c");
    EXPECT_EQ(shown_url("https://o/a@b"), "https://o/a@b");
}

TEST(ShownUrl, HasNoUserInformation) {
    EXPECT_EQ(shown_url("https://user:hunter2@o/x"), "https://o/x");
    EXPECT_EQ(shown_url("https://us@er:hunter2@o/x"), "https://o/x");
    EXPECT_EQ(shown_url("https://user:hunter2@o"), "https://o");
}

TEST(ShownUrl, HidesWhatSignsAQuery) {
    EXPECT_EQ(shown_url("https://o/x?X-Amz-Signature=hunter2&part=1"),
              "https://o/x?X-Amz-Signature=…&part=1");
    EXPECT_EQ(shown_url("https://o/x?se=1&sig=hunter2"), "https://o/x?se=1&sig=…");
    EXPECT_EQ(shown_url("https://o/x?private_token=hunter2"), "https://o/x?private_token=…");
}

TEST(ShownUrl, IsSafeForATerminal) {
    EXPECT_EQ(shown_url("https://o/\x1b[2J"), "https://o/\\x1b[2J");
}

} // namespace
} // namespace provisor
