// SPDX-License-Identifier: Apache-2.0
//
// The daemon's days: start, passes by interval, what it tells, the watchdog.
#include "base/error.hpp"
#include "journal/message_ids.hpp"
#include "pass/lock.hpp"
#include "unit/service/daemon.hpp"

#include <algorithm>
#include <csignal>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using namespace std::chrono_literals;
using test::count;
using test::Daemon;
using test::sleep_in_pass;
using test::write_text;

std::string journal(std::string_view id) { return "journal " + std::string(id); }

/// Whether the watchdog (400 ms) gets its answers during this time.
bool answers_without_gap(Daemon& daemon, std::chrono::milliseconds time) {
    auto last = test::TestClock::now();
    test::TestClock::duration gap{};
    for (const auto& sighting : daemon.watch_for(time))
        if (sighting.text.starts_with("WATCHDOG=1")) {
            gap = std::max(gap, sighting.when - last);
            last = sighting.when;
        }
    return std::max(gap, test::TestClock::now() - last) < daemon.allow(500ms);
}

TEST(Agent, IsReadyBeforeItsFirstPassBegins) {
    Daemon daemon;
    daemon.start();
    auto seen = daemon.watch_until("pass ends");
    for (auto& later : daemon.watch_for(500ms))
        seen.push_back(std::move(later));
    const auto position = [&](const std::string& text) {
        return std::find_if(seen.begin(), seen.end(),
                            [&](const auto& s) { return s.text.starts_with(text); });
    };
    ASSERT_NE(position("READY=1"), seen.end());
    ASSERT_NE(position("pass begins"), seen.end());
    EXPECT_LT(position("READY=1"), position("pass begins"));
    EXPECT_EQ(count(seen, "READY=1"), 1U);
    EXPECT_EQ(count(seen, "pass begins"), 1U) << "one pass, then rest";
    EXPECT_EQ(count(seen, "RELOADING=1"), 0U);
}

TEST(Agent, NeedsNoConfigurationAtAll) {
    Daemon daemon;
    std::filesystem::remove_all(daemon.manifests().parent_path());
    daemon.start();
    EXPECT_TRUE(daemon.next("READY=1"));
    EXPECT_TRUE(daemon.next("pass begins components=0 keep=5"));
}

TEST(Agent, TellsWhatThePassDoesAndWhenTheNextOneComes) {
    Daemon daemon;
    daemon.hold_passes([](Progress& progress) {
        progress.set_stage("fetching");
        progress.begin_transfer(1, "app", 2 << 20);
        progress.advance_transfer(1, 1 << 20);
    });
    daemon.start();
    EXPECT_TRUE(daemon.next("STATUS=starting a pass"));
    EXPECT_TRUE(daemon.next("STATUS=fetching: app 1.0 MiB of 2.0 MiB"));
    daemon.let_go();
    const auto rest = daemon.next("STATUS=0 components");
    ASSERT_TRUE(rest);
    EXPECT_NE(rest->text.find("; next pass 20"), std::string::npos) << rest->text;
}

TEST(Agent, WakesWhenAComponentWantsToBeLookedAtAgain) {
    Daemon daemon;
    daemon.next_try = 1500ms; // its window opens
    write_text(daemon.config(), "interval: 1h\nsplay: 0\n");
    daemon.start();
    const auto first = daemon.next("pass ends");
    const auto second = daemon.next("pass begins");
    ASSERT_TRUE(first && second);
    EXPECT_GE(second->when - first->when, 1500ms) << "not before it has opened";
    EXPECT_LT(second->when - first->when, daemon.allow(4s));
}

TEST(Agent, MakesPassesByIntervalAndNoneInBetween) {
    Daemon daemon;
    write_text(daemon.config(), "interval: 1500ms\nsplay: 0\n");
    daemon.start();
    for (int pass = 0; pass < 2; ++pass) {
        const auto ended = daemon.next("pass ends");
        ASSERT_TRUE(ended);
        const auto rest = daemon.watch_until("pass begins");
        EXPECT_EQ(count(rest, "RELOADING=1"), 0U);
        EXPECT_GE(rest.back().when - ended->when + daemon.allow(0s), 1500ms);
        EXPECT_LE(rest.back().when - ended->when, daemon.allow(1800ms));
    }
}

TEST(Agent, HasNoThreadWhileNoPassRuns) {
    Daemon daemon;
    daemon.hold_passes();
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    EXPECT_EQ(daemon.threads(), 2U);
    daemon.let_go();
    ASSERT_TRUE(daemon.next("STATUS=0 components"));
    EXPECT_EQ(daemon.threads(), 1U);
}

TEST(Agent, NeverMakesMoreThanOnePassASecond) {
    Daemon daemon;
    daemon.start();
    ASSERT_TRUE(daemon.next("READY=1"));
    const auto begun = test::TestClock::now();
    std::size_t passes = 0;
    for (int i = 0; i < 25; ++i) {
        daemon.signal(SIGHUP);
        passes += count(daemon.watch_for(100ms), "pass begins");
    }
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(test::TestClock::now() - begun);
    EXPECT_LE(passes, static_cast<std::size_t>(seconds.count()));
    EXPECT_GE(passes, 2U);
}

TEST(Agent, GoesOnAfterAPassThatFailedAsAWhole) {
    Daemon daemon;
    write_text(daemon.config(), "interval: 1s\nsplay: 0\n");
    daemon.pass = [](const Interrupt&, Progress&) { throw Error(ErrorKind::io, "no such disk"); };
    daemon.start();
    const auto entry = daemon.next(journal(message_id::pass_failed));
    ASSERT_TRUE(entry);
    EXPECT_NE(entry->text.find("no such disk"), std::string::npos);
    EXPECT_TRUE(daemon.next("STATUS=the last pass failed: no such disk"));
    EXPECT_TRUE(daemon.next("pass begins"));
    EXPECT_TRUE(daemon.next("pass begins"));
}

TEST(Agent, DoesNotStartWithABadConfiguration) {
    Daemon daemon;
    write_text(daemon.config(), "intervall: 5min\n");
    daemon.start();
    EXPECT_EQ(daemon.wait_for_exit(), 2);
    const auto seen = daemon.watch_for(10ms);
    EXPECT_EQ(count(seen, journal(message_id::config_error)), 1U);
    EXPECT_EQ(count(seen, "READY=1"), 0U);
    EXPECT_EQ(count(seen, "pass begins"), 0U);
}

TEST(Agent, WaitsForAPassMadeByHandWithoutBlocking) {
    Daemon daemon;
    const Interrupt interrupt;
    auto lock = PassLock::acquire(daemon.paths(), PassLock::Wait::no, interrupt);
    ASSERT_TRUE(lock);
    daemon.start();
    EXPECT_TRUE(daemon.next("READY=1"));
    EXPECT_TRUE(daemon.next("STATUS=waiting for another pass to end"));
    daemon.signal(SIGHUP);
    EXPECT_TRUE(daemon.next("RELOADING=1")) << "the loop is blocked";
    EXPECT_EQ(count(daemon.watch_for(700ms), "pass begins"), 0U);
    lock.reset();
    EXPECT_TRUE(daemon.next("pass begins"));
    EXPECT_TRUE(daemon.next("STATUS=0 components"));
    EXPECT_TRUE(PassLock::acquire(daemon.paths(), PassLock::Wait::no, interrupt))
        << "the lock is held between passes";
}

TEST(Agent, HoldsTheLockWhileAPassRuns) {
    Daemon daemon;
    daemon.hold_passes();
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    const Interrupt interrupt;
    EXPECT_FALSE(PassLock::acquire(daemon.paths(), PassLock::Wait::no, interrupt));
}

TEST(Agent, AnswersTheWatchdogWhileALongPassMakesProgress) {
    Daemon daemon;
    daemon.environment = {{"WATCHDOG_USEC", "400000"}};
    daemon.patience = 2500ms;
    daemon.pass = [](const Interrupt& interrupt, Progress& progress) {
        for (std::uint64_t bytes = 0;; ++bytes) {
            progress.begin_transfer(1, "app", {});
            progress.advance_transfer(1, bytes);
            sleep_in_pass(1700ms, interrupt);
        }
    };
    daemon.start();
    EXPECT_TRUE(answers_without_gap(daemon, 5s));
}

TEST(Agent, LeavesTheWatchdogUnansweredWhenAPassHangs) {
    Daemon daemon;
    daemon.environment = {{"WATCHDOG_USEC", "400000"}};
    daemon.patience = 1500ms;
    daemon.hold_passes([](Progress& progress) {
        progress.set_stage("waiting for something that nobody thought of");
    });
    daemon.start();
    EXPECT_TRUE(daemon.next("WATCHDOG=1"));
    EXPECT_TRUE(daemon.next("WATCHDOG=1"));
    std::vector<test::Sighting> answers;
    for (int attempt = 0; attempt < 10; ++attempt) {
        answers = daemon.watch_for(2s);
        if (count(answers, "WATCHDOG=1") == 0)
            break;
    }
    EXPECT_EQ(count(answers, "WATCHDOG=1"), 0U);
    daemon.let_go();
    EXPECT_TRUE(daemon.next("WATCHDOG=1")) << "the pass went on after all";
}

TEST(Agent, AnswersTheWatchdogBetweenPasses) {
    Daemon daemon;
    daemon.environment = {{"WATCHDOG_USEC", "400000"}};
    daemon.patience = 0ms;
    daemon.start();
    ASSERT_TRUE(daemon.next("pass ends"));
    EXPECT_TRUE(answers_without_gap(daemon, 2500ms));
}

} // namespace
} // namespace provisor
