// SPDX-License-Identifier: Apache-2.0
#include "base/stall_meter.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

using std::chrono::milliseconds;

/// A meter with a clock of its own that looks every 5 ms, as the fetcher does.
class Watched {
public:
    explicit Watched(milliseconds patience) : meter(patience) { meter.stalled(now); }

    /// Lets the time pass with so many bytes every 5 ms; returns whether it has stalled meanwhile.
    bool pass(milliseconds span, std::uint64_t bytes) {
        for (const auto end = now + span; now < end;) {
            now += milliseconds(5);
            meter.add(bytes);
            if (meter.stalled(now))
                return true;
        }
        return false;
    }
    milliseconds since_start() const {
        return std::chrono::duration_cast<milliseconds>(now - StallMeter::Time());
    }

    StallMeter meter;
    StallMeter::Time now;
};

TEST(StallMeter, SilenceStallsAtItsPatienceAndNotBefore) {
    for (const auto patience : {milliseconds(400), milliseconds(1000), milliseconds(60'000)}) {
        Watched watched(patience);
        EXPECT_TRUE(watched.pass(2 * patience, 0));
        EXPECT_EQ(watched.since_start(), patience);
    }
}

TEST(StallMeter, SilenceAfterABurstIsNotHiddenByIt) {
    Watched watched(milliseconds(10'000));
    EXPECT_FALSE(watched.pass(milliseconds(5000), 1'000'000));
    EXPECT_TRUE(watched.pass(milliseconds(20'000), 0));
    EXPECT_LE(watched.since_start(), milliseconds(16'000));
    EXPECT_GE(watched.since_start(), milliseconds(15'000));
}

TEST(StallMeter, LessThanOneKibibyteASecondIsASlowDeath) {
    Watched watched(milliseconds(3000));
    EXPECT_TRUE(watched.pass(milliseconds(4000), 5)); // 1000 bytes a second
}

TEST(StallMeter, MoreThanOneKibibyteASecondLivesForEver) {
    Watched watched(milliseconds(3000));
    EXPECT_FALSE(watched.pass(milliseconds(600'000), 6)); // 1200 bytes a second
}

TEST(StallMeter, ASecondOfSpeedBeginsTheCountAnew) {
    Watched watched(milliseconds(3000));
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(watched.pass(milliseconds(1500), 0)) << i;
        EXPECT_FALSE(watched.pass(milliseconds(1500), 1000)) << i;
    }
}

TEST(StallMeter, ARestartForgetsTheSilence) {
    Watched watched(milliseconds(3000));
    EXPECT_FALSE(watched.pass(milliseconds(2900), 0));
    watched.meter.restart();
    EXPECT_FALSE(watched.pass(milliseconds(2900), 0));
    EXPECT_TRUE(watched.pass(milliseconds(200), 0));
}

TEST(StallMeter, ForgivenTimeIsLeftOutOfAccount) {
    Watched watched(milliseconds(3000));
    EXPECT_FALSE(watched.pass(milliseconds(2900), 0));
    watched.now += milliseconds(60'000);
    watched.meter.forgive(milliseconds(60'000));
    EXPECT_FALSE(watched.meter.stalled(watched.now));
    EXPECT_TRUE(watched.pass(milliseconds(200), 0));
    EXPECT_EQ(watched.since_start(), milliseconds(63'000));
}

TEST(StallMeter, WithoutPatienceNothingStalls) {
    Watched watched(milliseconds(0));
    EXPECT_FALSE(watched.pass(milliseconds(600'000), 0));
}

} // namespace
} // namespace provisor
