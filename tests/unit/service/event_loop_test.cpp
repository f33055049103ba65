// SPDX-License-Identifier: Apache-2.0
#include "service/event_loop.hpp"

#include <chrono>
#include <csignal>
#include <gtest/gtest.h>
#include <stdexcept>
#include <unistd.h>

namespace provisor {
namespace {

using namespace std::chrono_literals;

TEST(EventLoop, LeavesWithTheStatusThatItWasGiven) {
    EventLoop loop;
    EventLoop::Timer timer = loop.add_timer([&] { loop.leave(7); });
    timer.set(0s);
    EXPECT_EQ(loop.run(), 7);
}

TEST(EventLoop, RunsATimerOncePerSetting) {
    EventLoop loop;
    int runs = 0;
    EventLoop::Timer often = loop.add_timer([&] { ++runs; });
    EventLoop::Timer end = loop.add_timer([&] { loop.leave(0); });
    often.set(1ms);
    often.set(5ms);
    EXPECT_TRUE(often.is_set());
    end.set(60ms);
    loop.run();
    EXPECT_EQ(runs, 1);
    EXPECT_FALSE(often.is_set());
}

TEST(EventLoop, RunsNoTimerThatWasClearedOrSetToNever) {
    EventLoop loop;
    int runs = 0;
    EventLoop::Timer cleared = loop.add_timer([&] { ++runs; });
    EventLoop::Timer never = loop.add_timer([&] { ++runs; });
    EventLoop::Timer unset = loop.add_timer([&] { ++runs; });
    EventLoop::Timer end = loop.add_timer([&] { loop.leave(0); });
    cleared.set(1ms);
    cleared.clear();
    never.set(1ms);
    never.set(Duration::max());
    EXPECT_FALSE(unset.is_set());
    end.set(50ms);
    loop.run();
    EXPECT_EQ(runs, 0);
}

TEST(EventLoop, HandsOverWhatAnActionThrows) {
    EventLoop loop;
    EventLoop::Timer timer = loop.add_timer([] { throw std::runtime_error("from an action"); });
    timer.set(0s);
    EXPECT_THROW(loop.run(), std::runtime_error);
}

TEST(EventLoop, WaitsForDescriptorsAndSignals) {
    sigset_t user;
    sigemptyset(&user);
    sigaddset(&user, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &user, nullptr);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    EventLoop loop;
    std::string order;
    loop.on_readable(ends[0], [&] {
        char byte = 0;
        ASSERT_EQ(::read(ends[0], &byte, 1), 1);
        order += byte;
        ::kill(::getpid(), SIGUSR1);
    });
    loop.on_signal(SIGUSR1, [&] {
        order += "signal";
        loop.leave(0);
    });
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    loop.run();
    EXPECT_EQ(order, "xsignal");
    ::close(ends[0]);
    ::close(ends[1]);
}

} // namespace
} // namespace provisor
