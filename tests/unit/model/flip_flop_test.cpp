// SPDX-License-Identifier: Apache-2.0
#include "model/flip_flop.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

namespace provisor {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::string digest(char letter) { return std::string(64, letter); }

/// A component that is told again and again what to have, and does as the guard says.
class Controlled {
public:
    /// Whether the switch was made (or nothing was to be done).
    bool want(char content, WallTime now) {
        if (content == installed_)
            return true;
        const auto hold = flip_flop(record_.history, digest(installed_),
                                    {digest(content), std::string(1, content), "https://origin/"},
                                    record_.flip_flop, config, now);
        if (hold) {
            holds.insert(hold->until);
            longest = std::max(longest, hold->duration);
            record_.flip_flop = hold;
            return false;
        }
        record_.remember({now, installed_ == '0' ? Decision::install : Decision::update, "",
                          digest(content), "https://origin/", "", ""});
        installed_ = content;
        switches.push_back(now);
        return true;
    }
    char installed() const { return installed_; }
    Record& record() { return record_; }

    AgentConfig::FlipFlop config;
    std::vector<WallTime> switches;
    std::set<WallTime> holds;
    Duration longest{};

private:
    Record record_;
    char installed_ = '0';
};

const WallTime start = WallTime(std::chrono::seconds(1'800'000'000));

TEST(FlipFlop, TwoControllersThatDisagreeForAWeekSwitchAtMostFourTimesForEachHold) {
    Controlled app;
    for (WallTime now = start; now < start + hours(24 * 7); now += minutes(5)) {
        app.want('a', now);
        app.want('b', now + minutes(2));
    }
    EXPECT_LE(app.switches.size(), 1 + 4 * (app.holds.size() + 1));
    // 1 + 2 + 4 + 8 + 16 + 24 + 24... hours: nine holds begin within a week.
    EXPECT_EQ(app.holds.size(), 11U);
    EXPECT_EQ(app.longest, hours(24));
}

TEST(FlipFlop, NewReleasesAreNoFlipFlopHoweverFastTheyCome) {
    Controlled app;
    for (char content = 'a'; content <= 'z'; ++content)
        EXPECT_TRUE(app.want(content, start + minutes(content)));
    EXPECT_TRUE(app.want('y', start + minutes(130))) << "nor is to go back once";
}

TEST(FlipFlop, SlowAlternationIsNoFlipFlop) {
    Controlled app;
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(app.want(i % 2 == 0 ? 'a' : 'b', start + i * minutes(20)));
}

TEST(FlipFlop, IsOffWithoutSwitches) {
    Controlled app;
    app.config.switches = 0;
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(app.want(i % 2 == 0 ? 'a' : 'b', start + i * minutes(1)));
}

TEST(FlipFlop, AQuietDayForgetsHowLongTheHoldsWere) {
    Controlled app;
    const auto fight = [&](WallTime now) {
        for (int i = 0; i < 5; ++i)
            app.want(i % 2 == 0 ? 'a' : 'b', now + i * minutes(1));
        app.want(app.installed() == 'a' ? 'b' : 'a', now + minutes(6));
        return app.record().flip_flop->duration;
    };
    EXPECT_EQ(fight(start), hours(1));
    EXPECT_EQ(fight(start + hours(3)), hours(2));
    EXPECT_EQ(fight(start + hours(3 + 2 + 25)), hours(1));
}

TEST(FlipFlop, AClockThatWasSetBackEndsTheHold) {
    Controlled app;
    for (int i = 0; i < 6; ++i)
        app.want(i % 2 == 0 ? 'a' : 'b', start + i * minutes(1));
    ASSERT_EQ(app.holds.size(), 1U);
    EXPECT_TRUE(app.want('b', start - hours(24 * 400)));
}

TEST(FlipFlop, WhateverIsWantedWheneverTheSwitchesBetweenKnownContentsAreBounded) {
    std::mt19937 random(20);
    for (int round = 0; round < 200; ++round) {
        Controlled app;
        WallTime now = start;
        for (int i = 0; i < 500; ++i) {
            now += minutes(random() % 30);
            app.want(static_cast<char>('a' + random() % 3), now);
        }
        // In any window there are no more switches than allowed, plus those to new contents and one
        // of each window that it overlaps.
        for (const WallTime end : app.switches) {
            const auto within =
                std::count_if(app.switches.begin(), app.switches.end(), [&](WallTime when) {
                    return when > end - app.config.window && when <= end;
                });
            ASSERT_LE(within, app.config.switches + 3U) << "round " << round;
        }
    }
}

} // namespace
} // namespace provisor
