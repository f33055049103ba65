// SPDX-License-Identifier: Apache-2.0
// What is not healthy is taken back.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "journal/message_ids.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Words = std::vector<std::string>;

/// A unit that comes up with good contents, and dies with those that say "bad".
class RollbackTest : public testing::Test, public FakeMachine {
protected:
    RollbackTest() {
        units.add("app.service");
        units.before_job = [this](const UnitJob& job) {
            units.behave(job.unit, target().find("bad") == std::string::npos || cured
                                       ? Behaviour::healthy
                                       : illness);
        };
        publish(script("one"), "\"1\"");
        EXPECT_EQ(run_one(wanted("1.0")).decision, Decision::install);
        units.forget_calls();
        origin.asked.clear();
    }
    Component wanted(const std::string& version) {
        Component component = app_with_unit();
        component.version = version;
        return component;
    }
    Outcome update_to_bad() {
        publish(script("bad"), "\"2\"");
        return run_one(wanted("1.1"));
    }
    ComponentStore store() const { return ComponentStore(paths.state_dir); }
    std::string sha(const std::string& text) const { return sha256_of(script(text)); }

    Behaviour illness = Behaviour::crashes_on_start;
    bool cured = false;
};

TEST_F(RollbackTest, AnUpdateThatDiesIsTakenBackWithinThePassAndWithoutATransfer) {
    const Outcome outcome = update_to_bad();
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(store().installed("app")->artifact, sha("one"));
    EXPECT_EQ(store().activated("app")->artifact, sha("one"));
    EXPECT_EQ(units.jobs_on("app.service"), (Words{"restart", "restart"}))
        << "one for each content";
    EXPECT_EQ(origin.bodies, 2U) << "none for the way back";
    EXPECT_EQ(outcome.version, "1.0");
    EXPECT_EQ(outcome.previous_version, "1.1");
    EXPECT_EQ(outcome.sha256, sha("one"));
    EXPECT_EQ(outcome.previous_sha256, sha("bad"));
    ASSERT_TRUE(outcome.error) << "who asked for 1.1 did not get it";
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_THAT(outcome.error->what(), StartsWith("1.1 ("));
    EXPECT_THAT(outcome.error->what(), HasSubstr("app.service is not healthy: it failed"));
}

TEST_F(RollbackTest, AUnitThatDoesNotComeUpIsTakenBackToo) {
    illness = Behaviour::fails_to_start;
    EXPECT_EQ(to_string(update_to_bad().decision), "rollback");
    EXPECT_EQ(target(), script("one"));
    EXPECT_TRUE(store().activated("app")->same_installation(*store().installed("app")));
}

TEST_F(RollbackTest, EachRestartIsToldWithWhatItWasFor) {
    journal.clear();
    illness = Behaviour::fails_to_start;
    const Outcome outcome = update_to_bad();
    const auto entries = journal.with_id(message_id::unit_action);
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_THAT(entries[0].message, HasSubstr("failed"));
    EXPECT_THAT(entries[0].message, HasSubstr("because app was then 1.1 ("));
    EXPECT_THAT(entries[1].message, HasSubstr("done, because app is now 1.0 ("));
    EXPECT_THAT(outcome.error->what(), Not(HasSubstr("tried again"))) << "it is not";
}

TEST_F(RollbackTest, WhatWasTakenBackIsHeldAndNotTriedAgain) {
    update_to_bad();
    units.forget_calls();
    const auto before = list_tree(folder / "bin");
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, StartsWith("quarantined: 1.1 ("));
    EXPECT_FALSE(outcome.error);
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_EQ(list_tree(folder / "bin"), before);
    EXPECT_EQ(origin.count_of(200), 1) << "and its validator is known";
}

TEST_F(RollbackTest, ContentWithoutVersionsIsTakenBackAsWell) {
    fs::remove_all(paths.state_dir);
    fs::remove(folder / "bin/app");
    publish(script("one"), "\"1\"");
    ASSERT_EQ(run_one(wanted("")).decision, Decision::install);
    publish(script("bad"), "\"2\"");
    EXPECT_EQ(to_string(run_one(wanted("")).decision), "rollback");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(store().record("app").highest_version, "");
    EXPECT_EQ(to_string(run_one(wanted("")).decision), "hold");
}

TEST_F(RollbackTest, TheHoldIsToldOnceAndWritesNothing) {
    update_to_bad();
    run_one(wanted("1.1"));
    journal.clear();
    const auto before = list_tree(paths.state_dir);
    run_one(wanted("1.1"));
    EXPECT_EQ(list_tree(paths.state_dir), before);
    for (const JournalEntry& entry : journal.with_id(message_id::hold))
        EXPECT_EQ(entry.priority, Priority::debug);
}

TEST_F(RollbackTest, OtherContentEndsTheQuarantine) {
    update_to_bad();
    publish(script("three"), "\"3\"");
    EXPECT_EQ(to_string(run_one(wanted("1.2")).decision), "update");
    EXPECT_EQ(target(), script("three"));
    EXPECT_FALSE(store().record("app").quarantine);
}

TEST_F(RollbackTest, AnotherWayToJudgeHealthEndsTheQuarantine) {
    update_to_bad();
    cured = true;
    Component patient = wanted("1.1");
    patient.health.settle = std::chrono::milliseconds(1);
    EXPECT_EQ(to_string(run_one(patient).decision), "update");
    EXPECT_EQ(target(), script("bad"));
}

TEST_F(RollbackTest, GoingBackInTheManifestIsNoDowngrade) {
    update_to_bad();
    publish(script("one"), "\"1\"");
    EXPECT_EQ(to_string(run_one(wanted("1.0")).decision), "unchanged");
}

TEST_F(RollbackTest, WhatIsInForceIsRepairedWhileTheOtherIsHeld) {
    update_to_bad();
    fs::remove(folder / "bin/app");
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "repair");
    EXPECT_EQ(target(), script("one"));
}

TEST_F(RollbackTest, ARepairThatDoesNotLiveIsNoReasonToGoBack) {
    publish(script("two"), "\"2\"");
    ASSERT_EQ(run_one(wanted("1.1")).decision, Decision::update);
    units.forget_calls();
    write_text(folder / "bin/app", "edited by hand");
    units.before_job = [this](const UnitJob& job) { units.behave(job.unit, illness); };
    Component component = wanted("1.1");
    component.units[0].on_repair = OnRepair::restart;
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_EQ(target(), script("two")) << "it ran well with that before";
    EXPECT_EQ(store().installed("app")->artifact, sha("two"));
    EXPECT_FALSE(store().record("app").quarantine);
}

TEST_F(RollbackTest, IfTheOldOneIsUnhealthyTooItStaysAndThereIsNoPingPong) {
    publish(script("bad"), "\"2\"");
    units.before_job = [this](const UnitJob& job) { units.behave(job.unit, illness); };
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_THAT(outcome.error->what(), HasSubstr("what is back is not healthy either, and stays"));
    EXPECT_EQ(target(), script("one"));
    units.forget_calls();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "hold");
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(RollbackTest, WhatIsInForceIsStartedAgainWhileTheOtherIsHeld) {
    publish(script("bad"), "\"2\"");
    illness = Behaviour::fails_to_start;
    units.before_job = [this](const UnitJob& job) { units.behave(job.unit, illness); };
    run_one(wanted("1.1"));
    units.before_job = nullptr;
    units.behave("app.service", Behaviour::healthy);
    units.forget_calls();
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "hold");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    units.forget_calls();
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "hold");
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(RollbackTest, TheManifestCanForbidIt) {
    publish(script("bad"), "\"2\"");
    Component component = wanted("1.1");
    component.rollback = Rollback::off;
    EXPECT_EQ(to_string(run_one(component).decision), "fail");
    EXPECT_EQ(target(), script("bad"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(RollbackTest, AJobThatWasNotTheUnitsFaultIsTriedAgainAndNothingIsTakenBack) {
    publish(script("two"), "\"2\"");
    units.end_next_job_with("app.service", "canceled");
    EXPECT_EQ(run_one(wanted("1.1")).error->kind(), ErrorKind::unit);
    EXPECT_EQ(target(), script("two"));
    EXPECT_FALSE(run_one(wanted("1.1")).error);
    EXPECT_EQ(target(), script("two"));
    EXPECT_EQ(store().activated("app")->artifact, sha("two"));
}

TEST_F(RollbackTest, WhatWasStoppedIsNotJudgedBeforeItRuns) {
    units.stop("app.service");
    publish(script("bad"), "\"2\"");
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "update");
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "unchanged");
    units.add_running("app.service", Behaviour::flaps);
    units.crash_and_restart("app.service");
    units.behave("app.service", Behaviour::crashes_on_start);
    units.run({{"app.service", UnitVerb::restart}}, {}, interrupt);
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "rollback") << "once somebody started it";
    EXPECT_EQ(target(), script("one"));
}

TEST_F(RollbackTest, ALostRecordDoesNotLoseTheWayBack) {
    fs::remove(paths.state_dir / "components/app/record.json");
    fs::remove(paths.state_dir / "components/app/generations.json");
    EXPECT_EQ(to_string(update_to_bad().decision), "rollback");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(origin.bodies, 2U) << "none for the way back";
}

TEST_F(RollbackTest, OfALostRecordWhatDoesNotRunIsNoWayBack) {
    fs::remove(paths.state_dir / "components/app/record.json");
    fs::remove(paths.state_dir / "components/app/generations.json");
    units.before_job = [this](const UnitJob& job) { units.behave(job.unit, illness); };
    units.run({{"app.service", UnitVerb::restart}}, {}, interrupt);
    ASSERT_EQ(units.state("app.service").active_state, "failed");
    const Outcome outcome = update_to_bad();
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_EQ(target(), script("bad"));
    EXPECT_TRUE(store().generations("app").empty());
}

TEST_F(RollbackTest, TheUnitFileIsTakenBackWithItsComponent) {
    units.read_unit_files_from(folder / "units");
    Component component = wanted("1.0");
    component.units[0].file = "[Service]\nExecStart=/opt/app --one\n";
    ASSERT_FALSE(run_one(component).error);
    publish(script("bad"), "\"2\"");
    const std::string before = *component.units[0].file;
    component.version = "1.1";
    component.units[0].file = "[Service]\nExecStart=/opt/app --two\n";
    EXPECT_EQ(to_string(run_one(component).decision), "rollback");
    EXPECT_EQ(read_text(folder / "units/app.service"), before);
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(to_string(run_one(component).decision), "hold") << "not an update of its unit file";
}

TEST_F(RollbackTest, AWayBackThatIsDamagedLeavesTheNewOneAndSaysSo) {
    write_text(blob(script("one")), "damaged");
    const Outcome outcome = update_to_bad();
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_THAT(outcome.error->what(), HasSubstr("app.service is not healthy"));
    EXPECT_THAT(outcome.error->what(), HasSubstr("and going back to 1.0 ("));
    EXPECT_EQ(target(), script("bad"));
    EXPECT_EQ(store().installed("app")->artifact, sha("bad"));
}

TEST_F(RollbackTest, APruneNeverDropsTheWayBack) {
    config.cache.keep_versions = 1;
    publish(script("two"), "\"2\"");
    run_one(wanted("1.1"));
    EXPECT_TRUE(fs::exists(blob(script("one"))));
    publish(script("bad"), "\"3\"");
    EXPECT_EQ(to_string(run_one(wanted("1.2")).decision), "rollback");
    EXPECT_EQ(target(), script("two"));
}

/// What a crash leaves: interrupted before each job of the pass, and then the passes after it.
TEST_F(RollbackTest, ACrashAtAnyJobConvergesOnTheOldContent) {
    for (int cut = 0; cut < 3; ++cut) {
        SCOPED_TRACE(cut);
        publish(script("bad"), "\"bad" + std::to_string(cut) + "\"");
        int jobs = 0;
        units.before_job = [&](const UnitJob& job) {
            if (jobs++ == cut)
                throw Interrupted();
            units.behave(job.unit, target() == script("bad") ? illness : Behaviour::healthy);
        };
        Component component = wanted("1.1");
        // Another settle time each time, or the quarantine of the round before would hold it.
        component.health.settle = std::chrono::milliseconds(cut + 1);
        try {
            run_one(component);
        } catch (const Interrupted&) {
        }
        run_one(component);
        EXPECT_EQ(target(), script("one"));
        EXPECT_EQ(units.state("app.service").active_state, "active");
        EXPECT_EQ(to_string(run_one(component).decision), "hold");
        EXPECT_TRUE(store().activated("app")->same_installation(*store().installed("app")));
    }
}

TEST_F(RollbackTest, WhatIsStoppedWithTheWholeMachineIsNotJudged) {
    publish(script("two"), "\"2\"");
    Component component = wanted("1.1");
    component.health.settle = std::chrono::seconds(5);
    units.before_job = [&](const UnitJob&) {
        units.going_down = true;
        units.behave("app.service", Behaviour::crashes_on_start);
    };
    EXPECT_THROW(run_one(component), Interrupted);
    units.going_down = false;
    EXPECT_FALSE(store().record("app").quarantine);
    EXPECT_EQ(target(), script("two"));
    // After the boot.
    units.before_job = nullptr;
    units.behave("app.service", Behaviour::healthy);
    units.run({{"app.service", UnitVerb::restart}}, {}, interrupt);
    component.health.settle = {};
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
    EXPECT_EQ(store().record("app").healthy, identity_of(*store().installed("app")));
}

TEST_F(RollbackTest, WhatSomebodyStopsMeanwhileIsJudgedWhenItRunsAgain) {
    publish(script("two"), "\"2\"");
    units.before_job = nullptr;
    Component component = wanted("1.1");
    component.health.settle = std::chrono::seconds(5);
    origin.look_at = [&](const std::string&) {
        ADD_FAILURE() << "probed before its settle time was over";
        return FakeOrigin::healthy();
    };
    component.health.http = "http://127.0.0.1:8080/health";
    int looks_after_the_job = 0;
    units.before_look = [&](const std::string& unit) {
        if (!units.jobs_on(unit).empty() && ++looks_after_the_job == 3)
            units.stop(unit);
    };
    const Outcome outcome = run_one(component);
    units.before_look = nullptr;
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_THAT(outcome.reason, HasSubstr("app.service was stopped while it was being watched"));
    EXPECT_EQ(target(), script("two")) << "not taken back";
    EXPECT_FALSE(store().record("app").quarantine);
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"}) << "and it stays stopped";
    component.health = {};
    component.health.settle = {};
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
    EXPECT_EQ(units.state("app.service").active_state, "inactive");
    EXPECT_NE(store().record("app").healthy, identity_of(*store().installed("app")));
}

TEST_F(RollbackTest, ATrialThatACrashCutOffIsHeldInTheNextPass) {
    publish(script("bad"), "\"2\"");
    illness = Behaviour::flaps;
    Component component = wanted("1.1");
    // As after a power cut right behind the restart: in place, activated, and not yet watched.
    component.rollback = Rollback::off;
    run_one(component);
    component.rollback = Rollback::automatic;
    EXPECT_EQ(target(), script("bad"));
    units.forget_calls();
    EXPECT_EQ(to_string(run_one(component).decision), "rollback");
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"}) << "only for the way back";
    EXPECT_EQ(target(), script("one"));
}

} // namespace
} // namespace provisor::test
