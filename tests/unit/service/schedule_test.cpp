// SPDX-License-Identifier: Apache-2.0
#include "service/patience.hpp"
#include "service/schedule.hpp"

#include <array>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using namespace std::chrono_literals;

constexpr const char* machine = "0123456789abcdef0123456789abcdef";

TEST(Splay, IsTheSameForOneMachineAndWithinItsBound) {
    for (const Duration splay : {Duration(1s), Duration(30s), Duration(24h), Duration(1us)}) {
        EXPECT_EQ(splay_share(machine, splay), splay_share(machine, splay));
        EXPECT_GE(splay_share(machine, splay), Duration::zero());
        EXPECT_LT(splay_share(machine, splay), splay);
    }
}

TEST(Splay, IsNothingOfNothing) {
    EXPECT_EQ(splay_share(machine, Duration::zero()), Duration::zero());
    EXPECT_EQ(splay_share("", Duration::zero()), Duration::zero());
}

TEST(Splay, SpreadsAFleetEvenly) {
    std::array<int, 10> machines_in_tenth{};
    for (int number = 0; number < 10'000; ++number) {
        const Duration share = splay_share(fmt::format("{:032x}", number), 10s);
        ++machines_in_tenth.at(static_cast<std::size_t>(share / 1s));
    }
    for (const int machines : machines_in_tenth)
        EXPECT_NEAR(machines, 1000, 150);
}

TEST(Interval, GrowsByTheShare) {
    EXPECT_EQ(time_between_passes(5min, 10s), Duration(310s));
    EXPECT_EQ(time_between_passes(Duration::max(), 10s), Duration::max());
}

Settings settings_with(Duration stall, Duration settle) {
    Settings settings;
    settings.config.timeouts.stall = stall;
    Component component;
    component.health.settle = settle;
    settings.components = {component};
    return settings;
}

TEST(Patience, IsMuchLongerThanEachLimitOfThePassItself) {
    const Duration usual = longest_silence(settings_with(60s, 10s));
    EXPECT_GT(usual, 2 * Duration(10min + 60s + 30s));
    EXPECT_LT(usual, Duration(2h));
    EXPECT_GT(longest_silence(settings_with(3h, 10s)), Duration(6h));
    EXPECT_GT(longest_silence(settings_with(60s, 3h)), Duration(6h));
}

TEST(Patience, IsEndlessWhenALimitIs) {
    EXPECT_EQ(longest_silence(settings_with(Duration::max(), 10s)), Duration::max());
    EXPECT_EQ(longest_silence(settings_with(60s, Duration::max())), Duration::max());
    EXPECT_EQ(longest_silence(settings_with(Duration::max() - 1us, 10s)), Duration::max());
}

} // namespace
} // namespace provisor
