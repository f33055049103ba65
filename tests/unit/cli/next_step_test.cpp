// SPDX-License-Identifier: Apache-2.0
#include "cli/next_step.hpp"

#include "fakes/fake_units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

const WallTime now = parse_rfc3339("2026-12-01T12:00:00Z").value();
const WallTime later = now + std::chrono::hours(1);

class NextStepTest : public testing::Test {
protected:
    NextStepTest() {
        component.name = overview.name = "app";
        overview.component = &component;
        overview.state = "installed";
        overview.installed = Marker{};
    }
    void be_held(const std::string& reason, std::optional<WallTime> next_try = {}) {
        overview.trouble = Trouble{Decision::hold, reason, "", now, next_try};
    }
    void expect(const std::string& words, std::optional<WallTime> not_before = {}) {
        const NextStep step = next_step(overview, now);
        EXPECT_THAT(step.what, HasSubstr(words));
        EXPECT_EQ(step.not_before, not_before) << step.what;
    }
    Component component;
    Overview overview;
};

TEST_F(NextStepTest, OfWhatIsWellIsToAskAgain) { expect("its origin is asked whether"); }

TEST_F(NextStepTest, OfWhatIsNotYetThereIsToBringIt) {
    overview.state = "installing";
    expect("its units are activated");
    overview.installed.reset();
    expect("it is installed");
}

TEST_F(NextStepTest, OfAFailureIsTheNextTry) {
    overview.trouble = Trouble{Decision::fail, "HTTP 503", "http", now, later};
    expect("it is tried again", later);
    overview.record.backoff = {3, WallTime::max(), ""};
    expect("none before its manifest changes, or `provisor release app`");
}

TEST_F(NextStepTest, OfAHoldIsWhatEndsIt) {
    be_held("window: opens Tue 2026-12-01 13:00", later);
    expect("is put in place", later);
    be_held("window: none of its windows opens again");
    expect("none: no window");
    be_held("after: db failed: HTTP 503", later);
    expect("when the component that it comes after is well", later);
    be_held("backoff: 2 failures in a row", later);
    expect("its origin is asked again", later);
    be_held("downgrade: 1.2 was installed");
    expect("allow_downgrade");
    be_held("quarantined: 1.1 did not stay up");
    expect("asked for other content");
    overview.record.flip_flop = FlipFlopHold{later, std::chrono::hours(1), "flip-flop: a and b"};
    be_held("flip-flop: a and b");
    expect("the hold ends", later);
    overview.record.flip_flop->until = now;
    expect("asked for other content");
    overview.hold = "audit";
    expect("none before `provisor release app`");
}

TEST_F(NextStepTest, OfWhatNobodyWantsIsNone) {
    component.state = WantedState::absent;
    expect("it is removed");
    overview.installed.reset();
    expect("none: it is not wanted");
    component.state = WantedState::held;
    expect("none before its manifest says something else");
    overview.component = nullptr;
    expect("none: no manifest names it");
}

/// A service manager that says one thing of the daemon and one of the timer.
class OwnUnits : public FakeUnits {
public:
    UnitState daemon;
    UnitState timer;
    UnitState state(const std::string& unit) override {
        return unit == "provisor.service" ? daemon : timer;
    }
};

TEST(NextPassTest, IsWhatTheDaemonSays) {
    OwnUnits units;
    EXPECT_THAT(next_pass(units).what, HasSubstr("`provisor apply` makes one"));
    units.timer.active_state = "active";
    EXPECT_THAT(next_pass(units).what, HasSubstr("when provisor.timer elapses"));
    units.daemon.active_state = "active";
    units.daemon.status_text =
        "1 component: 1 unchanged; 1 request, 4ms; next pass 2026-12-01T13:00:00Z";
    EXPECT_EQ(next_pass(units).when, later);
    EXPECT_EQ(next_pass(units).what, "2026-12-01T13:00:00Z");
    units.daemon.status_text = "asking 1 origin";
    EXPECT_EQ(next_pass(units).what, "provisor.service is at work: asking 1 origin");
    EXPECT_FALSE(next_pass(units).when);
}

TEST(NextPassTest, IsMadeByTheDaemonIfTheTimerIsActiveAsWell) {
    OwnUnits units;
    EXPECT_EQ(service_of_passes(units), "provisor.service");
    units.timer.active_state = "active";
    EXPECT_EQ(service_of_passes(units), "provisor-apply.service");
    for (const char* state : {"active", "reloading"}) {
        units.daemon.active_state = state;
        EXPECT_EQ(service_of_passes(units), "provisor.service") << state;
    }
    units.daemon.active_state = "failed";
    EXPECT_EQ(service_of_passes(units), "provisor-apply.service");
}

TEST(NextPassTest, IsNotKnownWithoutAServiceManager) {
    FakeUnits units;
    units.be_unreachable("no bus");
    EXPECT_THAT(next_pass(units).what, HasSubstr("not known: "));
}

} // namespace
} // namespace provisor::test
