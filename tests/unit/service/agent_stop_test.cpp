// SPDX-License-Identifier: Apache-2.0
//
// How the daemon ends: within a second, whatever it is at.
#include "unit/service/daemon.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <thread>

namespace provisor {
namespace {

using namespace std::chrono_literals;
using test::count;
using test::Daemon;
using test::TestClock;

class StopSignal : public testing::TestWithParam<int> {};

/// Signals the daemon; how long it took to end with status 0.
TestClock::duration time_to_end(Daemon& daemon, int signal) {
    const auto asked = TestClock::now();
    daemon.signal(signal);
    EXPECT_EQ(daemon.wait_for_exit(), 0);
    return TestClock::now() - asked;
}

TEST_P(StopSignal, EndsARestingAgentAtOnce) {
    Daemon daemon;
    daemon.start();
    ASSERT_TRUE(daemon.next("STATUS=0 components"));
    EXPECT_LT(time_to_end(daemon, GetParam()), daemon.allow(300ms));
    EXPECT_EQ(count(daemon.watch_for(10ms), "STOPPING=1"), 1U);
}

TEST_P(StopSignal, InterruptsTheTransferUnderWay) {
    Daemon daemon;
    daemon.hold_passes();
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    EXPECT_LT(time_to_end(daemon, GetParam()), daemon.allow(300ms));
    const auto seen = daemon.watch_for(10ms);
    EXPECT_EQ(count(seen, "STOPPING=1"), 1U);
    EXPECT_EQ(count(seen, "pass begins") + count(seen, "pass ends"), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, StopSignal, testing::Values(SIGTERM, SIGINT), [](const auto& row) {
    return std::string(row.param == SIGTERM ? "SIGTERM" : "SIGINT");
});

TEST(AgentStop, LeavesAPassThatDoesNotListen) {
    Daemon daemon;
    daemon.pass = [](const Interrupt&, Progress&) { std::this_thread::sleep_for(60s); };
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    EXPECT_LT(time_to_end(daemon, SIGTERM), daemon.allow(1s));
}

TEST(AgentStop, LetsAPassThatIsNearlyOverComeToItsEnd) {
    Daemon daemon;
    daemon.pass = [](const Interrupt& interrupt, Progress&) {
        while (!interrupt.raised())
            std::this_thread::sleep_for(5ms);
        std::this_thread::sleep_for(100ms);
    };
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    time_to_end(daemon, SIGTERM);
    EXPECT_TRUE(daemon.next("pass ends", 10ms));
}

TEST(AgentStop, StartsNothingAnyMoreOnceItWasAsked) {
    Daemon daemon;
    daemon.pass = [](const Interrupt&, Progress&) { std::this_thread::sleep_for(60s); };
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    daemon.signal(SIGTERM);
    ASSERT_TRUE(daemon.next("STOPPING=1"));
    daemon.signal(SIGHUP);
    daemon.signal(SIGTERM);
    test::write_text(daemon.manifests() / "a.yaml", "");
    EXPECT_EQ(daemon.wait_for_exit(), 0);
    const auto seen = daemon.watch_for(10ms);
    for (const char* late : {"pass begins", "RELOADING=1", "READY=1", "STOPPING=1"})
        EXPECT_EQ(count(seen, late), 0U) << late;
}

} // namespace
} // namespace provisor
