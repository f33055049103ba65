// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(Rfc3339, GoesThereAndBack) {
    for (const char* text :
         {"1970-01-01T00:00:00Z", "2026-02-28T23:59:59Z", "2038-01-19T03:14:08Z"}) {
        const auto time = parse_rfc3339(text);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(format_rfc3339(*time), text);
    }
}

TEST(Rfc3339, RefusesEverythingElse) {
    EXPECT_FALSE(parse_rfc3339(""));
    EXPECT_FALSE(parse_rfc3339("yesterday"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:00"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:00Zx"));
}

} // namespace
} // namespace provisor
