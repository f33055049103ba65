// SPDX-License-Identifier: Apache-2.0
// What an operator may say: go back, hold, remove.
#include "fakes/fake_machine.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;
using Words = std::vector<std::string>;

class OperatorTest : public testing::Test, public FakeMachine {
protected:
    OperatorTest() {
        units.add("app.service");
        for (const std::string version : {"1.0", "1.1", "1.2"}) {
            publish(script(version), "\"" + version + "\"");
            EXPECT_FALSE(run_one(wanted(version)).error);
        }
        units.forget_calls();
        origin.asked.clear();
        origin.bodies = 0;
    }
    Component wanted(const std::string& version) {
        Component component = app_with_unit();
        component.version = version;
        return component;
    }
    Outcome go_back(const std::string& to = "") {
        PassOptions options;
        options.names = {"app"};
        options.rollback_to = to;
        return run_one(wanted("1.2"), options);
    }
    ComponentStore store() const { return ComponentStore(paths.state_dir); }
};

TEST_F(OperatorTest, GoesBackToTheVersionBeforeAndAsksNobody) {
    const Outcome outcome = go_back();
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_FALSE(outcome.error);
    EXPECT_EQ(outcome.version, "1.1");
    EXPECT_EQ(outcome.previous_version, "1.2");
    EXPECT_EQ(target(), script("1.1"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    EXPECT_TRUE(origin.asked.empty());
}

TEST_F(OperatorTest, TheNextPassDoesNotUndoIt) {
    go_back();
    units.forget_calls();
    const Outcome outcome = run_one(wanted("1.2"));
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, StartsWith("quarantined: an operator went back from 1.2 ("));
    EXPECT_EQ(target(), script("1.1"));
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(OperatorTest, GoesFurtherBackWhenToldAgain) {
    go_back();
    EXPECT_EQ(go_back().version, "1.0") << "and not to what was just left";
    EXPECT_EQ(to_string(run_one(wanted("1.2")).decision), "hold") << "which is still quarantined";
    EXPECT_EQ(target(), script("1.0"));
}

TEST_F(OperatorTest, AFileThatTheManifestHasNoMoreIsNotTakenForDeletedAfterwards) {
    Component two = wanted("1.2");
    two.files.push_back(two.files.front());
    two.files.back().path = (folder / "bin/second").string();
    ASSERT_EQ(to_string(run_one(two).decision), "update");
    ASSERT_EQ(to_string(run_one(wanted("1.2")).decision), "update");
    ASSERT_FALSE(fs::exists(folder / "bin/second"));
    ASSERT_EQ(to_string(go_back().decision), "rollback");
    ASSERT_TRUE(fs::exists(folder / "bin/second"));
    const auto before = list_tree(folder / "bin");
    EXPECT_EQ(to_string(run_one(wanted("1.2")).decision), "hold");
    EXPECT_EQ(list_tree(folder / "bin"), before) << "something was put in place";
}

TEST_F(OperatorTest, GoesToTheVersionOrDigestThatIsNamed) {
    EXPECT_EQ(go_back("1.0").version, "1.0");
    EXPECT_EQ(go_back(sha256_of(script("1.2")).substr(0, 12)).version, "1.2");
    EXPECT_EQ(target(), script("1.2"));
}

TEST_F(OperatorTest, ThereHasToBeSomethingToGoBackTo) {
    const auto before = list_tree(folder / "bin");
    const auto refused = [this](const std::string& to) -> std::string {
        try {
            go_back(to);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::config);
            return error.what();
        }
        ADD_FAILURE() << to;
        return "";
    };
    for (const char* to : {"0.9", "12"})
        EXPECT_THAT(refused(to),
                    HasSubstr("no installation with version or digest '" + std::string(to)));
    EXPECT_THAT(refused("1.2"), HasSubstr("is what is installed"));
    fs::remove(paths.state_dir / "components/app/generations.json");
    EXPECT_THAT(refused(""), HasSubstr("no other installation of it was found healthy"));
    fs::remove(paths.state_dir / "components/app/.installed");
    EXPECT_THAT(refused(""), HasSubstr("nothing is installed of 'app'"));
    EXPECT_EQ(list_tree(folder / "bin"), before);
    EXPECT_FALSE(store().record("app").quarantine);
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(OperatorTest, AnUnhealthyWayBackIsToldAndStays) {
    units.behave("app.service", Behaviour::crashes_on_start);
    const Outcome outcome = go_back();
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_EQ(target(), script("1.1"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(OperatorTest, AHoldKeepsEverythingAsItIsAndAsksNobody) {
    store().write_hold("app", "waiting for the audit");
    publish(script("2.0"), "\"2.0\"");
    const auto before = list_tree(paths.state_dir);
    const Outcome outcome = run_one(wanted("2.0"));
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_EQ(outcome.reason, "operator: waiting for the audit; `provisor release app` ends it");
    EXPECT_EQ(target(), script("1.2"));
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_EQ(list_tree(paths.state_dir), before);
    store().remove_hold("app");
    EXPECT_EQ(to_string(run_one(wanted("2.0")).decision), "update");
}

TEST_F(OperatorTest, ADamagedHoldHolds) {
    write_text(paths.state_dir / "components/app/hold.json", "{");
    EXPECT_EQ(to_string(run_one(wanted("2.0")).decision), "hold");
}

TEST_F(OperatorTest, WhatIsAbsentIsStoppedDisabledAndRemoved) {
    units.enable({"app.service"});
    Component component = wanted("1.2");
    component.state = WantedState::absent;
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "remove");
    EXPECT_FALSE(outcome.error);
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"stop"});
    EXPECT_TRUE(units.enabled().empty());
    EXPECT_FALSE(store().installed("app"));
    EXPECT_FALSE(store().activated("app"));
    EXPECT_EQ(store().record("app").history.back().decision, Decision::remove);
    units.forget_calls();
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
    EXPECT_TRUE(units.jobs().empty());
    component.state = WantedState::present;
    EXPECT_EQ(to_string(run_one(component).decision), "install");
    EXPECT_EQ(units.jobs_on("app.service"), Words{"start"});
}

TEST_F(OperatorTest, AnOrphanIsRemovedByItsMarkerAlone) {
    Component with_file = wanted("1.2");
    with_file.units[0].file = "[Service]\nExecStart=/bin/true\n";
    units.read_unit_files_from(folder / "units");
    ASSERT_FALSE(run_one(with_file).error);
    ASSERT_TRUE(fs::exists(folder / "units/app.service"));
    units.forget_calls();
    EXPECT_TRUE(run({}).components.empty()) << "no manifest, and so nothing is done";
    EXPECT_EQ(target(), script("1.2"));
    EXPECT_TRUE(fs::exists(blob(script("1.2")))) << "what it was made of stays, too";
    Component orphan; // as `provisor remove` makes it
    orphan.name = "app";
    orphan.state = WantedState::absent;
    EXPECT_EQ(to_string(run_one(orphan).decision), "remove");
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_FALSE(fs::exists(folder / "units/app.service"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"stop"});
}

TEST_F(OperatorTest, ARemovalThatCannotStopItsUnitRemovesNothing) {
    Component component = wanted("1.2");
    component.state = WantedState::absent;
    units.end_next_job_with("app.service", "timeout");
    EXPECT_EQ(run_one(component).error->kind(), ErrorKind::unit);
    EXPECT_EQ(target(), script("1.2"));
    EXPECT_TRUE(store().installed("app"));
}

TEST_F(OperatorTest, ARemovalLeavesWhatSomebodyChangedAndUnitsOfOthers) {
    write_text(folder / "bin/app", "by hand");
    Component other = wanted("1.2");
    other.name = "other";
    other.files[0].path = (folder / "bin/other").string();
    Component component = wanted("1.2");
    component.state = WantedState::absent;
    run({other});
    units.forget_calls();
    const Outcome outcome = run({component, other}).components.at(0);
    EXPECT_THAT(outcome.reason, HasSubstr("bin/app stays, since somebody changed it"));
    EXPECT_EQ(target(), "by hand");
    EXPECT_TRUE(units.jobs().empty()) << "the other component's unit was stopped";
    EXPECT_TRUE(fs::exists(folder / "bin/other"));
}

TEST_F(OperatorTest, ARemovalStopsEachUnitOnceAndNoneThatItsManifestOnlyNames) {
    units.read_unit_files_from(folder / "units");
    units.add("bystander.service");
    Component component = wanted("1.2");
    component.units[0].file = "[Service]\nExecStart=/bin/true\n";
    UnitSpec bystander = component.units[0];
    bystander.name = "bystander.service";
    bystander.file.reset();
    bystander.on_change = OnChange::none;
    component.units.push_back(bystander);
    ASSERT_FALSE(run_one(component).error);
    units.run({{"bystander.service", UnitVerb::start}}, {}, interrupt);
    units.forget_calls();
    component.state = WantedState::absent;
    Component other = component;
    other.name = "other"; // which is to go as well
    const Outcome outcome = run({component, other}).components.at(0);
    EXPECT_FALSE(outcome.error);
    EXPECT_EQ(units.jobs_on("app.service"), Words{"stop"});
    EXPECT_EQ(units.jobs_on("bystander.service"), Words{});
    EXPECT_EQ(units.state("bystander.service").active_state, "active");
    EXPECT_FALSE(fs::exists(folder / "units/app.service"));
}

TEST_F(OperatorTest, APlanRemovesNothing) {
    Component component = wanted("1.2");
    component.state = WantedState::absent;
    PassOptions plan;
    plan.dry_run = true;
    EXPECT_EQ(to_string(run_one(component, plan).decision), "remove");
    EXPECT_EQ(target(), script("1.2"));
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(OperatorTest, ManyRollbacksAskNobodyAndLeaveNothing) {
    const auto count_files = [&] {
        std::size_t count = 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
            count += entry.is_regular_file() ? 1 : 0;
        return count;
    };
#ifdef PROVISOR_SANITIZED
    constexpr unsigned times = 100; // each takes ten times as long then
#else
    constexpr unsigned times = 1000;
#endif
    go_back("1.0");
    const std::size_t before = count_files();
    for (unsigned i = 0; i < times; ++i)
        ASSERT_FALSE(go_back(i % 2 == 0 ? "1.1" : "1.0").error) << i;
    EXPECT_EQ(count_files(), before);
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_EQ(units.jobs_on("app.service").size(), times + 1);
}

} // namespace
} // namespace provisor::test
