// SPDX-License-Identifier: Apache-2.0
#include "fetch/stall_meter.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A transfer under a clock of its own, looked at every 10 ms.
class Watched {
public:
    explicit Watched(milliseconds patience) : meter_(patience) { meter_.stalled(now_); }

    /// Lets time pass in which so many bytes come every 100 ms; returns when the meter called it
    /// stalled, counted from the beginning of all, or -1.
    std::int64_t pass(milliseconds span, std::uint64_t bytes_per_step) {
        for (milliseconds passed(0); passed < span; passed += milliseconds(10)) {
            now_ += milliseconds(10);
            if (now_.time_since_epoch() % milliseconds(100) == milliseconds(0))
                meter_.add(bytes_per_step);
            if (meter_.stalled(now_))
                return std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count();
        }
        return -1;
    }
    void restart() { meter_.restart(); }

private:
    StallMeter::Time now_;
    StallMeter meter_;
};

TEST(StallMeter, CallsSilenceAStallExactlyAtItsLimit) {
    EXPECT_EQ(Watched(seconds(60)).pass(seconds(120), 0), 60'000);
    EXPECT_EQ(Watched(seconds(1)).pass(seconds(120), 0), 1000);
    EXPECT_EQ(Watched(milliseconds(300)).pass(seconds(120), 0), 300);
}

TEST(StallMeter, NeverCallsAKibibytePerSecondAStall) {
    EXPECT_EQ(Watched(seconds(1)).pass(seconds(600), 110), -1);
    EXPECT_EQ(Watched(seconds(60)).pass(seconds(600), 110), -1);
}

TEST(StallMeter, CallsATrickleAStallAtTheLimitAndNotBefore) {
    EXPECT_EQ(Watched(seconds(10)).pass(seconds(600), 50), 10'000);
}

TEST(StallMeter, IsNotFooledByABurstBeforeTheSilence) {
    Watched transfer(seconds(10));
    EXPECT_EQ(transfer.pass(seconds(5), 10'000'000), -1);
    const std::int64_t stalled = transfer.pass(seconds(600), 0);
    EXPECT_GE(stalled, 15'000);
    EXPECT_LE(stalled, 16'000);
}

TEST(StallMeter, ForgivesSilencesThatEndInTime) {
    Watched transfer(seconds(10));
    for (int turn = 0; turn < 20; ++turn) {
        EXPECT_EQ(transfer.pass(seconds(8), 0), -1) << turn;
        EXPECT_EQ(transfer.pass(seconds(2), 10'000), -1) << turn;
    }
}

TEST(StallMeter, CountsNothingBeforeARestart) {
    Watched transfer(seconds(10));
    EXPECT_EQ(transfer.pass(seconds(9), 0), -1);
    transfer.restart();
    EXPECT_EQ(transfer.pass(seconds(9), 0), -1);
}

TEST(StallMeter, WithoutPatienceWaitsForEver) {
    EXPECT_EQ(Watched(milliseconds(0)).pass(seconds(3600), 0), -1);
}

} // namespace
} // namespace provisor
