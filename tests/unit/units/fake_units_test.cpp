// SPDX-License-Identifier: Apache-2.0
//
// The imitation must behave as a real systemd was measured to; tests of other rooms rely on it.
#include "fakes/fake_units.hpp"

#include "base/error.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace provisor::test {
namespace {

class Fake : public testing::Test {
protected:
    std::string restart(const std::string& unit) { return run(unit, UnitVerb::restart); }
    std::string run(const std::string& unit, UnitVerb verb) {
        return units.run({{unit, verb}}, std::chrono::seconds(1), interrupt).front().result;
    }

    Interrupt interrupt;
    FakeUnits units;
};

TEST_F(Fake, HealthyUnitStaysWithOneInvocation) {
    units.add("app.service");
    EXPECT_EQ(restart("app.service"), "done");
    const UnitState state = units.state("app.service");
    EXPECT_EQ(state.active_state, "active");
    EXPECT_FALSE(state.invocation_id.empty());
    EXPECT_EQ(units.state("app.service"), state);
    EXPECT_EQ(restart("app.service"), "done");
    EXPECT_NE(units.state("app.service").invocation_id, state.invocation_id);
    EXPECT_EQ(units.starts_of("app.service"), 2U);
}

TEST_F(Fake, SimpleUnitThatCrashesHasAJobThatIsDoneAllTheSame) {
    units.add("app.service", Behaviour::crashes_on_start);
    EXPECT_EQ(restart("app.service"), "done");
    EXPECT_EQ(units.state("app.service").active_state, "failed");
    EXPECT_EQ(units.state("app.service").exit_status, 7);
}

TEST_F(Fake, MissingProgramShowsOnlyInTheState) {
    units.add("app.service", Behaviour::missing_program);
    EXPECT_EQ(restart("app.service"), "done");
    EXPECT_EQ(units.state("app.service").exit_status, 203);
}

TEST_F(Fake, NotifyUnitThatDiesFailsItsJob) {
    units.add("app.service", Behaviour::fails_to_start);
    EXPECT_EQ(restart("app.service"), "failed");
    EXPECT_EQ(units.state("app.service").active_state, "failed");
}

TEST_F(Fake, FlappingUnitCountsRestartsUntilItsStartLimit) {
    units.add("app.service", Behaviour::flaps);
    EXPECT_EQ(restart("app.service"), "done");
    const UnitState first = units.state("app.service");
    EXPECT_EQ(first.active_state, "active");
    const UnitState second = units.state("app.service");
    EXPECT_EQ(second.restarts, 1U);
    EXPECT_NE(second.invocation_id, first.invocation_id);
    for (int look = 0; look < 10; ++look)
        units.state("app.service");
    EXPECT_EQ(units.state("app.service").active_state, "failed");
    EXPECT_EQ(units.state("app.service").restarts, 5U);
}

TEST_F(Fake, HookIsInactiveAgainAfterItsJob) {
    units.add("hook.service", Behaviour::hook);
    EXPECT_EQ(run("hook.service", UnitVerb::start), "done");
    EXPECT_EQ(units.state("hook.service").active_state, "inactive");
    EXPECT_EQ(units.state("hook.service").service_type, "oneshot");
    EXPECT_EQ(units.starts_of("hook.service"), 1U);
}

TEST_F(Fake, StoppedUnitCannotBeReloaded) {
    units.add_running("app.service");
    const UnitState before = units.state("app.service");
    EXPECT_EQ(run("app.service", UnitVerb::reload), "done");
    EXPECT_EQ(units.state("app.service"), before);
    units.stop("app.service");
    EXPECT_EQ(run("app.service", UnitVerb::reload), "invalid");
    EXPECT_EQ(units.state("app.service").active_state, "inactive");
}

TEST_F(Fake, UnknownAndMaskedUnitsGetNoJob) {
    EXPECT_EQ(restart("nobody.service"), "org.freedesktop.systemd1.NoSuchUnit");
    EXPECT_EQ(units.state("nobody.service").load_state, "not-found");
    units.add_running("app.service");
    units.mask("app.service");
    EXPECT_EQ(restart("app.service"), "org.freedesktop.systemd1.UnitMasked");
    EXPECT_EQ(units.state("app.service").load_state, "masked");
    EXPECT_THROW(units.enable({"app.service"}), Error);
    EXPECT_THROW(units.enable({"nobody.service"}), Error);
}

TEST_F(Fake, UnitFilesAppearWithADaemonReload) {
    const TemporaryFolder folder;
    write_text(folder / "app.service", "[Service]\n");
    units.read_unit_files_from(folder.path());
    EXPECT_EQ(units.state("app.service").load_state, "not-found");
    units.daemon_reload();
    EXPECT_EQ(units.state("app.service").load_state, "loaded");
    EXPECT_TRUE(units.enable({"app.service"}));
    EXPECT_FALSE(units.enable({"app.service"}));
    EXPECT_EQ(units.starts_of("app.service"), 0U);
}

TEST_F(Fake, ResultThatTheTestWantsComesOnce) {
    units.add_running("app.service");
    const UnitState before = units.state("app.service");
    units.end_next_job_with("app.service", "timeout");
    EXPECT_EQ(restart("app.service"), "timeout");
    EXPECT_EQ(units.state("app.service"), before);
    EXPECT_EQ(restart("app.service"), "done");
    EXPECT_EQ(units.jobs_on("app.service"), (std::vector<std::string>{"restart", "restart"}));
}

TEST_F(Fake, CallsFailWhileItIsUnreachable) {
    units.add("app.service");
    units.be_unreachable("no bus");
    EXPECT_THROW(units.state("app.service"), Error);
    EXPECT_THROW(restart("app.service"), Error);
    EXPECT_THROW(units.daemon_reload(), Error);
    units.be_reachable();
    EXPECT_EQ(restart("app.service"), "done");
}

} // namespace
} // namespace provisor::test
