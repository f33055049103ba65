// SPDX-License-Identifier: Apache-2.0
// What a pass does with units.
#include "fakes/fake_machine.hpp"
#include "pass/pass.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::Behaviour;
using test::FakeMachine;
using test::script;
using testing::HasSubstr;
using Words = std::vector<std::string>;

class ActivationTest : public testing::Test, public FakeMachine {
protected:
    ActivationTest() {
        publish(script("one"), "\"1\"");
        units.add("app.service");
    }
    std::optional<Marker> activated() { return ComponentStore(paths.state_dir).activated("app"); }
    std::optional<Marker> installed() { return ComponentStore(paths.state_dir).installed("app"); }
};

TEST_F(ActivationTest, TheFirstInstallStartsTheUnit) {
    const Outcome outcome = run_one(app_with_unit());
    EXPECT_EQ(units.jobs_on("app.service"), Words{"start"});
    ASSERT_EQ(outcome.units.size(), 1U);
    EXPECT_EQ(outcome.units[0],
              (UnitOutcome{"app.service", "start", "done", "", "1.0", installed()->artifact}));
    EXPECT_TRUE(activated()->same_installation(*installed()));
}

TEST_F(ActivationTest, AnUnchangedPassDoesNotEvenAskTheServiceManager) {
    run_one(app_with_unit());
    units.be_unreachable("an unchanged pass has no business here");
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "unchanged");
}

TEST_F(ActivationTest, AChangeRestartsOnce) {
    run_one(app_with_unit());
    units.forget_calls();
    publish(script("two"), "\"2\"");
    run_one(app_with_unit());
    run_one(app_with_unit());
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(ActivationTest, WhatAnAdministratorStoppedStaysStopped) {
    run_one(app_with_unit());
    units.stop("app.service");
    units.forget_calls();
    publish(script("two"), "\"2\"");
    const Outcome outcome = run_one(app_with_unit());
    EXPECT_EQ(to_string(outcome.decision), "update");
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_EQ(outcome.units.at(0).action, "none");
    run_one(app_with_unit());
    EXPECT_TRUE(units.jobs().empty()) << "nor is it started by a later pass";
}

TEST_F(ActivationTest, ARepairActsOnUnitsOnlyWhenAsked) {
    run_one(app_with_unit());
    units.forget_calls();
    fs::remove(folder / "bin/app");
    run_one(app_with_unit());
    EXPECT_TRUE(units.jobs().empty());
    Component component = app_with_unit();
    component.units[0].on_repair = OnRepair::restart;
    fs::remove(folder / "bin/app");
    run_one(component);
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(ActivationTest, AFailedJobIsTriedAgainWithoutATransfer) {
    units.behave("app.service", Behaviour::fails_to_start);
    const Outcome outcome = run_one(app_with_unit());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::unit);
    EXPECT_FALSE(activated());
    EXPECT_TRUE(installed());
    units.behave("app.service", Behaviour::healthy);
    EXPECT_EQ(run_one(app_with_unit()).error, std::nullopt);
    EXPECT_TRUE(activated());
    EXPECT_EQ(origin.bodies, 1U);
}

TEST_F(ActivationTest, AnUnreachableServiceManagerLosesNoRestart) {
    run_one(app_with_unit());
    units.forget_calls();
    publish(script("two"), "\"2\"");
    units.be_unreachable("no bus");
    EXPECT_EQ(run_one(app_with_unit()).error->kind(), ErrorKind::unit);
    EXPECT_EQ(target(), script("two"));
    units.be_reachable();
    run_one(app_with_unit());
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(ActivationTest, AServiceManagerThatGoesAwayWithinTheJobLosesNoRestart) {
    run_one(app_with_unit());
    publish(script("two"), "\"2\"");
    units.before_job = [](const UnitJob&) { throw Error(ErrorKind::unit, "the bus was closed"); };
    const Outcome outcome = run_one(app_with_unit());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::unit);
    EXPECT_THAT(outcome.error->what(), HasSubstr("the bus was closed"));
    EXPECT_EQ(target(), script("two")) << "that nobody could ask is no reason to go back";
    EXPECT_FALSE(activated()->same_installation(*installed()));
    EXPECT_TRUE(activated()->in_doubt) << "the job may be running";
    units.before_job = nullptr;
    units.forget_calls();
    const unsigned bodies = origin.bodies;
    EXPECT_FALSE(run_one(app_with_unit()).error);
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    EXPECT_EQ(origin.bodies, bodies);
    EXPECT_TRUE(activated()->same_installation(*installed()));
}

TEST_F(ActivationTest, AJobThatEndsWithTheMachineIsNoVerdict) {
    run_one(app_with_unit());
    publish(script("two"), "\"2\"");
    units.before_job = [this](const UnitJob& job) {
        units.going_down = true;
        units.behave(job.unit, Behaviour::fails_to_start);
    };
    EXPECT_THROW(run_one(app_with_unit()), Interrupted);
    EXPECT_EQ(target(), script("two"));
    EXPECT_EQ(units.jobs_on("app.service"), (Words{"start", "restart"})) << "none to go back";
    EXPECT_FALSE(ComponentStore(paths.state_dir).record("app").quarantine);
    units.before_job = [this](const UnitJob& job) { units.behave(job.unit, Behaviour::healthy); };
    units.going_down = false;
    units.forget_calls();
    EXPECT_FALSE(run_one(app_with_unit()).error);
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"}) << "once after the boot";
}

TEST_F(ActivationTest, ACrashWithinTheJobLosesNoRestart) {
    run_one(app_with_unit());
    publish(script("two"), "\"2\"");
    units.before_job = [](const UnitJob&) { throw Interrupted(); };
    EXPECT_THROW(run_one(app_with_unit()), Interrupted);
    units.before_job = nullptr;
    units.forget_calls();
    EXPECT_TRUE(activated()->in_doubt);
    run_one(app_with_unit());
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    EXPECT_FALSE(activated()->in_doubt);
    run_one(app_with_unit());
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"}) << "and not once more";
}

TEST_F(ActivationTest, GoingBackAfterACrashWithinTheJobRestartsToo) {
    run_one(app_with_unit());
    publish(script("two"), "\"2\"");
    units.before_job = [](const UnitJob&) { throw Interrupted(); };
    EXPECT_THROW(run_one(app_with_unit()), Interrupted);
    units.before_job = nullptr;
    units.forget_calls();
    publish(script("one"), "\"1\"");
    run_one(app_with_unit());
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"})
        << "nobody knows whether it runs the other content";
}

TEST_F(ActivationTest, AUnitThatDiesAfterItsJobIsUnhealthyButNotRestartedByEveryPass) {
    units.behave("app.service", Behaviour::crashes_on_start);
    const Outcome outcome = run_one(app_with_unit());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    units.forget_calls();
    run_one(app_with_unit());
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(ActivationTest, AUnitThatSystemdKeepsRestartingIsUnhealthy) {
    units.behave("app.service", Behaviour::flaps);
    Component component = app_with_unit();
    component.health.settle = std::chrono::seconds(1);
    EXPECT_EQ(run_one(component).error->kind(), ErrorKind::health);
}

TEST_F(ActivationTest, ASharedUnitIsActedOnOnce) {
    Component other = app_with_unit();
    other.name = "other";
    other.files[0].path = (folder / "bin/other").string();
    run({app_with_unit(), other});
    EXPECT_EQ(units.jobs_on("app.service"), Words{"start"});
    units.forget_calls();
    publish(script("two"), "\"2\"");
    const PassReport report = run({app_with_unit(), other});
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    EXPECT_EQ(report.restarts, 1U);
    EXPECT_EQ(report.components[1].units.at(0).result, "done");
}

TEST_F(ActivationTest, AUnitFileIsInstalledReloadedAndStarted) {
    units.read_unit_files_from(folder / "units");
    Component component = app_with_unit();
    component.units[0].name = "fresh.service";
    component.units[0].file = "[Service]\nExecStart=/bin/true\n";
    component.units[0].enable = true;
    const Outcome outcome = run_one(component);
    EXPECT_EQ(outcome.error, std::nullopt) << outcome.reason;
    EXPECT_EQ(test::read_text(folder / "units/fresh.service"), *component.units[0].file);
    EXPECT_EQ(units.daemon_reloads(), 1U);
    EXPECT_TRUE(units.enabled().contains("fresh.service"));
    EXPECT_EQ(units.jobs_on("fresh.service"), Words{"start"});
    run_one(component);
    EXPECT_EQ(units.daemon_reloads(), 1U);
}

TEST_F(ActivationTest, ManyNewUnitFilesCostOneReload) {
    units.read_unit_files_from(folder / "units");
    std::vector<Component> components;
    for (const char* name : {"a", "b", "c"}) {
        Component component = app_with_unit();
        component.name = name;
        component.files[0].path = (folder / "bin" / name).string();
        component.units[0].name = std::string(name) + ".service";
        component.units[0].file = "[Service]\nExecStart=/bin/true\n";
        components.push_back(component);
    }
    run(components);
    EXPECT_EQ(units.daemon_reloads(), 1U);
    EXPECT_EQ(units.jobs().size(), 3U);
}

TEST_F(ActivationTest, UnitsComeInTheOrderOfAfter) {
    units.add("second.service");
    Component second = app_with_unit();
    second.name = "second";
    second.files[0].path = (folder / "bin/second").string();
    second.units[0].name = "second.service";
    second.after = {"app"};
    run({app_with_unit(), second});
    ASSERT_EQ(units.jobs().size(), 2U);
    EXPECT_EQ(units.jobs()[0].unit, "app.service");
    EXPECT_EQ(units.batches(), 2U)
        << "the second job is not even enqueued before the first is over";
}

TEST_F(ActivationTest, NoUnitsLeavesWhatIsDueDue) {
    PassOptions no_units;
    no_units.no_units = true;
    EXPECT_EQ(to_string(run_one(app_with_unit(), no_units).decision), "install");
    EXPECT_EQ(to_string(run_one(app_with_unit(), no_units).decision), "unchanged");
    EXPECT_TRUE(units.jobs().empty());
    run_one(app_with_unit());
    EXPECT_EQ(units.jobs_on("app.service"), Words{"start"});
}

TEST_F(ActivationTest, AMissingUnitFailsWithSystemdsWords) {
    Component component = app_with_unit();
    component.units[0].name = "nobody.service";
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::unit);
    EXPECT_NE(outcome.reason.find("nobody.service"), std::string::npos);
    EXPECT_EQ(target(), script("one")) << "the file is installed, the unit is what is missing";
}

TEST_F(ActivationTest, ALostStateRestartsNothing) {
    run_one(app_with_unit());
    fs::remove_all(paths.state_dir);
    units.forget_calls();
    run_one(app_with_unit());
    EXPECT_EQ(units.starts_of("app.service"), 1U) << "'start' of a running unit does nothing";
}

} // namespace
} // namespace provisor
