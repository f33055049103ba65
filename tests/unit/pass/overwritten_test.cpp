// SPDX-License-Identifier: Apache-2.0
// What stood there before the first installation comes back when that is not healthy.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

/// A machine on which something works that provisor did not install; a unit dies with contents that
/// say "bad".
class OverwrittenTest : public testing::Test, public FakeMachine {
protected:
    OverwrittenTest() {
        units.add("app.service");
        units.before_job = [this](const UnitJob& job) {
            const bool bad = target().find("bad") != std::string::npos;
            units.behave(job.unit, bad ? Behaviour::crashes_on_start : Behaviour::healthy);
        };
        fs::create_directories(folder / "bin");
        fs::create_directories(folder / "units");
        place("bin/app", script("by hand"), 0750);
        publish(script("bad"), "\"1\"");
    }
    void place(const std::string& name, const std::string& text, mode_t mode) {
        write_text(folder / name, text);
        ASSERT_EQ(::chmod((folder / name).c_str(), mode), 0);
    }
    mode_t mode_of(const std::string& name) const {
        struct stat facts {};
        EXPECT_EQ(::stat((folder / name).c_str(), &facts), 0);
        return facts.st_mode & 07777;
    }
    Component with_unit_file() const {
        Component component = app_with_unit();
        component.units[0].file = "[Service]\nExecStart=/new\n";
        return component;
    }
    Component with_second_file() const {
        Component component = app_with_unit();
        component.files.push_back(component.files[0]);
        component.files.back().path = (folder / "bin/second").string();
        return component;
    }
    Component absent() const {
        Component component = app_with_unit();
        component.state = WantedState::absent;
        return component;
    }
    std::string at(const std::string& name) const { return read_text(folder / name); }
    bool is_there(const std::string& name) const { return fs::exists(folder / name); }
    ComponentStore store() const { return ComponentStore(paths.state_dir); }
};

TEST_F(OverwrittenTest, ABadFirstInstallationGivesBackWhatWasThere) {
    const Outcome outcome = run_one(app_with_unit());
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_EQ(mode_of("bin/app"), 0750U);
    EXPECT_EQ(units.jobs_on("app.service").size(), 2U) << "one for each content";
    EXPECT_EQ(units.state("app.service").active_state, "active");
    EXPECT_THAT(outcome.reason, HasSubstr("what was there before provisor is back"));
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
}

TEST_F(OverwrittenTest, TheSameContentWithAnotherModeIsSomebodyElsesToo) {
    publish(script("by hand"), "\"same\"");
    run_one(app());
    EXPECT_EQ(mode_of("bin/app"), 0755U);
    PassOptions back;
    back.names = {"app"};
    back.rollback_to = "";
    EXPECT_EQ(to_string(run_one(app(), back).decision), "rollback");
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_EQ(mode_of("bin/app"), 0750U);
}

TEST_F(OverwrittenTest, WhatCameBackStaysAndNothingIsDoneAgain) {
    run_one(app_with_unit());
    units.forget_calls();
    run_one(app_with_unit());
    const auto before = list_tree(folder.path());
    const Outcome outcome = run_one(app_with_unit());
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_THAT(units.jobs(), IsEmpty());
    EXPECT_EQ(origin.bodies, 1U);
    EXPECT_EQ(list_tree(folder.path()), before);
}

TEST_F(OverwrittenTest, WhatCameBackIsRepairedFromTheCache) {
    run_one(app_with_unit());
    fs::remove(folder / "bin/app");
    run_one(app_with_unit());
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_EQ(mode_of("bin/app"), 0750U);
}

TEST_F(OverwrittenTest, WhatCameBackIsNotRemovedWithTheComponent) {
    run_one(app_with_unit());
    const Outcome outcome = run_one(absent());
    EXPECT_EQ(to_string(outcome.decision), "remove");
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_THAT(outcome.reason, HasSubstr("stays, since it was there before provisor"));
    EXPECT_FALSE(store().installed("app"));
}

TEST_F(OverwrittenTest, WhatCameBackStaysWhenTheManifestNamesAnotherPath) {
    run_one(app_with_unit());
    Component moved = app_with_unit();
    moved.files[0].path = (folder / "bin/moved").string();
    publish(script("good"), "\"2\"");
    EXPECT_EQ(to_string(run_one(moved).decision), "update");
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_EQ(at("bin/moved"), script("good"));
    EXPECT_THAT(store().installed("app")->retired, IsEmpty());
}

TEST_F(OverwrittenTest, AGoodVersionReplacesWhatCameBackAndIsRemovedAsItsOwn) {
    run_one(app_with_unit());
    publish(script("good"), "\"2\"");
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "update");
    EXPECT_EQ(target(), script("good"));
    EXPECT_THAT(store().installed("app")->found, IsEmpty());
    run_one(absent());
    EXPECT_FALSE(is_there("bin/app"));
}

TEST_F(OverwrittenTest, AnOperatorGoesBackToIt) {
    publish(script("good"), "\"1\"");
    ASSERT_EQ(to_string(run_one(app_with_unit()).decision), "install");
    PassOptions back;
    back.rollback_to = "";
    EXPECT_EQ(to_string(run_one(app_with_unit(), back).decision), "rollback");
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_EQ(mode_of("bin/app"), 0750U);
}

TEST_F(OverwrittenTest, AForeignUnitFileComesBackAndANewOneStays) {
    place("units/app.service", "[Service]\nExecStart=/old\n", 0600);
    run_one(with_unit_file());
    EXPECT_EQ(at("units/app.service"), "[Service]\nExecStart=/old\n");
    EXPECT_EQ(mode_of("units/app.service"), 0600U);
    EXPECT_EQ(target(), script("by hand"));
    run_one(absent());
    EXPECT_TRUE(is_there("units/app.service"));
}

TEST_F(OverwrittenTest, AUnitFileWhereNoneStoodStartsWhatCameBack) {
    EXPECT_EQ(to_string(run_one(with_unit_file()).decision), "rollback");
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_EQ(at("units/app.service"), "[Service]\nExecStart=/new\n");
    EXPECT_EQ(units.state("app.service").active_state, "active");
    run_one(absent());
    EXPECT_FALSE(is_there("units/app.service")) << "that is provisor's";
    EXPECT_TRUE(is_there("bin/app"));
}

TEST_F(OverwrittenTest, WhatStoodNowhereGoesAgain) {
    EXPECT_EQ(to_string(run_one(with_second_file()).decision), "rollback");
    EXPECT_EQ(target(), script("by hand"));
    EXPECT_FALSE(is_there("bin/second"));
}

TEST_F(OverwrittenTest, WithoutAProgramThereIsNothingToGoBackTo) {
    fs::remove(folder / "bin/app");
    place("units/app.service", "[Service]\nExecStart=/old\n", 0644);
    const Outcome outcome = run_one(with_unit_file());
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_EQ(target(), script("bad")) << "on trial, for want of another";
    EXPECT_THAT(store().generations("app"), IsEmpty());
}

TEST_F(OverwrittenTest, WhatStoodThereAfterARemovalComesBack) {
    publish(script("good"), "\"1\"");
    run_one(app_with_unit());
    run_one(absent());
    ASSERT_FALSE(is_there("bin/app"));
    place("bin/app", script("by hand again"), 0711);
    publish(script("bad"), "\"2\"");
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "rollback");
    EXPECT_EQ(target(), script("by hand again"));
}

TEST_F(OverwrittenTest, AnUpdateThatTakesAFurtherPathGivesBackWhatStoodThere) {
    publish(script("good"), "\"1\"");
    run_one(app_with_unit());
    place("bin/second", "theirs", 0640);
    publish(script("bad"), "\"2\"");
    EXPECT_EQ(to_string(run_one(with_second_file()).decision), "rollback");
    EXPECT_EQ(target(), script("good"));
    EXPECT_EQ(at("bin/second"), "theirs");
    EXPECT_EQ(mode_of("bin/second"), 0640U);
    run_one(app_with_unit());
    EXPECT_EQ(at("bin/second"), "theirs") << "given up, and not removed";
    run_one(absent());
    EXPECT_EQ(at("bin/second"), "theirs");
    EXPECT_FALSE(is_there("bin/app"));
}

TEST_F(OverwrittenTest, ARenamedComponentGoesBackToWhatTheOtherHad) {
    publish(script("good"), "\"1\"");
    run_one(app_with_unit());
    publish(script("bad"), "\"2\"");
    Component renamed = app_with_unit();
    renamed.name = "other";
    EXPECT_EQ(to_string(run_one(renamed).decision), "rollback");
    EXPECT_EQ(target(), script("good"));
    renamed.state = WantedState::absent;
    run_one(renamed);
    EXPECT_FALSE(is_there("bin/app")) << "provisor had installed it";
}

TEST_F(OverwrittenTest, ContentThatIsThereAlreadyIsNotKept) {
    place("bin/app", script("by hand"), 0755);
    publish(script("by hand"), "\"1\"");
    ASSERT_EQ(to_string(run_one(app_with_unit()).decision), "install");
    for (const Generation& generation : store().generations("app"))
        EXPECT_THAT(generation.marker.found, IsEmpty());
    run_one(absent());
    EXPECT_FALSE(is_there("bin/app")) << "adopted";
}

TEST_F(OverwrittenTest, ItIsKeptForAsLongAsItCanComeBack) {
    config.cache.max_size = 1;
    publish(script("good"), "\"1\"");
    run_one(app_with_unit());
    EXPECT_TRUE(fs::exists(blob(script("by hand"))));
    publish(script("better"), "\"2\"");
    run_one(app_with_unit());
    EXPECT_FALSE(fs::exists(blob(script("by hand")))) << "there is a newer way back by now";
}

} // namespace
} // namespace provisor::test
