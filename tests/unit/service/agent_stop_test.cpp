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
using test::sleep_in_pass;

class StopSignal : public testing::TestWithParam<int> {};

TEST_P(StopSignal, EndsARestingAgentAtOnce) {
    Daemon daemon;
    daemon.start();
    ASSERT_TRUE(daemon.next("pass ends"));
    daemon.watch_for(50ms);
    daemon.signal(GetParam());
    EXPECT_EQ(daemon.wait_for_exit(300ms), 0);
    EXPECT_TRUE(daemon.next("STOPPING=1", 10ms));
}

TEST_P(StopSignal, InterruptsTheTransferUnderWay) {
    Daemon daemon;
    daemon.pass = [](const Interrupt& interrupt, Progress&) { sleep_in_pass(60s, interrupt); };
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    daemon.signal(GetParam());
    EXPECT_EQ(daemon.wait_for_exit(300ms), 0);
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
    const auto asked = test::TestClock::now();
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait_for_exit(2s), 0);
    EXPECT_LT(test::TestClock::now() - asked, 1s);
}

TEST(AgentStop, LetsAPassThatIsNearlyOverComeToItsEnd) {
    Daemon daemon;
    daemon.pass = [](const Interrupt&, Progress&) { std::this_thread::sleep_for(400ms); };
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait_for_exit(1s), 0);
    EXPECT_TRUE(daemon.next("pass ends", 10ms));
}

TEST(AgentStop, StartsNothingAnyMoreOnceItWasAsked) {
    Daemon daemon;
    daemon.pass = [](const Interrupt&, Progress&) { std::this_thread::sleep_for(500ms); };
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    daemon.signal(SIGTERM);
    ASSERT_TRUE(daemon.next("STOPPING=1"));
    daemon.signal(SIGHUP);
    daemon.signal(SIGTERM);
    test::write_text(daemon.manifests() / "a.yaml", "");
    EXPECT_EQ(daemon.wait_for_exit(1s), 0);
    const auto seen = daemon.watch_for(10ms);
    EXPECT_EQ(count(seen, "pass begins"), 0U);
    EXPECT_EQ(count(seen, "RELOADING=1"), 0U);
    EXPECT_EQ(count(seen, "READY=1"), 0U);
}

} // namespace
} // namespace provisor
