// SPDX-License-Identifier: Apache-2.0
#include "transfer/rate_limit.hpp"

#include <chrono>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using namespace std::chrono_literals;

TEST(Rate, WithoutALimitNobodyWaits) {
    RateLimit none(0);
    none.take(1 << 30, {});
    EXPECT_EQ(none.wait({}), 0ms);
    EXPECT_EQ(none.portion(12345), 12345U);
}

TEST(Rate, WhatWasReadTakesItsTimeAndIsNotSavedUp) {
    RateLimit rate(1000);
    const RateLimit::Time begin(1000h);
    rate.take(500, begin);
    EXPECT_EQ(rate.wait(begin), 500ms);
    EXPECT_EQ(rate.wait(begin + 200ms), 300ms);
    EXPECT_EQ(rate.wait(begin + 1h), 0ms);
    rate.take(1000, begin + 1h);
    EXPECT_EQ(rate.wait(begin + 1h), 1000ms);
}

TEST(Rate, AWaitThatWasALittleTooLongIsMadeUpFor) {
    RateLimit rate(1000);
    const RateLimit::Time begin(1000h);
    rate.take(500, begin);
    rate.take(500, begin + 530ms);
    EXPECT_EQ(rate.wait(begin + 530ms), 470ms);
    rate.take(500, begin + 1100ms); // not only woken late
    EXPECT_EQ(rate.wait(begin + 1100ms), 500ms);
}

} // namespace
} // namespace provisor::test
