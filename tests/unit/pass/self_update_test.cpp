// SPDX-License-Identifier: Apache-2.0
// The agent as a component of its own.
#include "fakes/fake_machine.hpp"

#include "pass/self_update.hpp"
#include "support/tree_listing.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;
using Words = std::vector<std::string>;

/// An agent in provisor.service that is told to keep itself up to date; it runs version one.
class SelfUpdateTest : public testing::Test, public FakeMachine {
protected:
    SelfUpdateTest() {
        units.add("provisor.service");
        units.add(self_update_unit);
        publish(script("one"), "\"1\"");
        EXPECT_EQ(run_one(itself("1.0")).decision, Decision::install) << "by hand, in no service";
        std::ofstream(folder / "running") << "the program that runs";
        std::ofstream(folder / "provisor-fetch") << "its helper";
        own_service = {"provisor.service", folder / "running", {folder / "provisor-fetch"}, kept()};
        units.forget_calls();
    }
    Component itself(const std::string& version) {
        Component component = app();
        component.version = version;
        UnitSpec unit;
        unit.name = "provisor.service";
        component.units = {unit};
        return component;
    }
    fs::path kept() const { return folder / "self-update"; }
    Outcome update() {
        publish(script("two"), "\"2\"");
        return run_one(itself("1.1"));
    }
};

TEST_F(SelfUpdateTest, ANewVersionOfTheAgentIsHandedToAServiceWithACopyOfWhatRuns) {
    const Outcome outcome = update();
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, StartsWith("self-update: "));
    EXPECT_FALSE(outcome.error);
    EXPECT_EQ(target(), script("one"))
        << "nothing is put in place by the process that it would end";
    EXPECT_EQ(units.jobs_on("provisor.service"), Words{});
    EXPECT_EQ(units.jobs_on(self_update_unit), Words{"start"});
    EXPECT_EQ(read_text(kept() / "provisor"), "the program that runs");
    EXPECT_EQ(read_text(kept() / "provisor-fetch"), "its helper");
    EXPECT_EQ(read_text(kept() / "environment"), "PROVISOR_COMPONENTS=app\n");
    struct stat facts {};
    ASSERT_EQ(::stat((kept() / "provisor").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0755U);
}

TEST_F(SelfUpdateTest, TheServiceMakesTheUpdateAndAsksNobody) {
    update();
    own_service = {};
    origin.asked.clear();
    PassOptions options;
    options.names = {"app"};
    options.offline = true;
    EXPECT_EQ(to_string(run_one(itself("1.1"), options).decision), "update");
    EXPECT_EQ(target(), script("two"));
    EXPECT_EQ(units.jobs_on("provisor.service"), Words{"restart"});
    EXPECT_TRUE(origin.asked.empty());
}

TEST_F(SelfUpdateTest, TheNewAgentHasNothingLeftToDo) {
    update();
    const OwnService agent = std::exchange(own_service, {});
    PassOptions offline;
    offline.offline = true;
    run_one(itself("1.1"), offline);
    own_service = agent;
    units.forget_calls();
    EXPECT_EQ(to_string(run_one(itself("1.1")).decision), "unchanged");
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(SelfUpdateTest, WhatTheServiceTookBackIsNotHandedOverAgain) {
    update();
    const OwnService agent = std::exchange(own_service, {});
    units.before_job = [this](const UnitJob& job) {
        units.behave(job.unit,
                     target() == script("two") ? Behaviour::fails_to_start : Behaviour::healthy);
    };
    PassOptions offline;
    offline.offline = true;
    EXPECT_EQ(to_string(run_one(itself("1.1"), offline).decision), "rollback");
    EXPECT_EQ(target(), script("one"));
    own_service = agent;
    units.forget_calls();
    const Outcome outcome = run_one(itself("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, StartsWith("quarantined: "));
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(SelfUpdateTest, WhileTheServiceRunsNothingOfItIsTouched) {
    units.add_running(self_update_unit);
    EXPECT_EQ(to_string(update().decision), "hold");
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_FALSE(fs::exists(kept()));
}

TEST_F(SelfUpdateTest, WithoutTheServiceNothingIsPutInPlaceAndTheRemedyIsTold) {
    const Outcome outcome = [&] {
        FakeUnits without;
        std::swap(units, without);
        units.add_running("provisor.service");
        return update();
    }();
    EXPECT_EQ(to_string(outcome.decision), "fail");
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::unit);
    EXPECT_THAT(outcome.error->what(), HasSubstr("run `provisor apply app` yourself"));
    EXPECT_EQ(target(), script("one"));
    EXPECT_FALSE(fs::exists(kept()));
}

TEST_F(SelfUpdateTest, OtherComponentsAreDoneBeforeIt) {
    units.add("other.service");
    Component other = app();
    other.name = "other";
    other.url = "https://origin/other";
    other.files[0].path = (folder / "bin/other").string();
    UnitSpec unit;
    unit.name = "other.service";
    other.units = {unit};
    publish(script("other"), "\"o\"", other.url);
    publish(script("two"), "\"2\"");
    run({itself("1.1"), other});
    ASSERT_EQ(units.jobs().size(), 2U);
    EXPECT_EQ(units.jobs()[0].unit, "other.service");
    EXPECT_EQ(units.jobs()[1].unit, self_update_unit);
}

TEST_F(SelfUpdateTest, AnAgentDoesNotRemoveItself) {
    Component component = itself("1.0");
    component.state = WantedState::absent;
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_THAT(outcome.reason, HasSubstr("systemctl disable --now provisor.service"));
    EXPECT_EQ(target(), script("one"));
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(SelfUpdateTest, ARepairThatRestartsNothingIsMadeAtOnce) {
    std::ofstream(folder / "bin/app") << "edited";
    EXPECT_EQ(to_string(run_one(itself("1.0")).decision), "repair");
    EXPECT_EQ(target(), script("one"));
    EXPECT_TRUE(units.jobs().empty());
}

} // namespace
} // namespace provisor::test
