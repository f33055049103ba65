// SPDX-License-Identifier: Apache-2.0
// Changes wait for the windows of their components.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "journal/message_ids.hpp"
#include "pass/time_zones.hpp"
#include "pass/troubles.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using namespace std::chrono_literals;
using testing::StartsWith;
using Words = std::vector<std::string>;

/// A window in UTC from `begin` after now for an hour.
Window window_in(std::chrono::minutes begin) {
    const auto time = [](WallTime when) {
        return format_rfc3339(when).substr(11, 8); // HH:MM:SS
    };
    const WallTime from = wall_clock() + begin;
    ParsedWindow parsed = parse_window(time(from) + "-" + time(from + 1h) + " UTC");
    EXPECT_EQ(parsed.fault, "");
    return parsed.window;
}

class WindowsTest : public testing::Test, public FakeMachine {
protected:
    WindowsTest() {
        units.add("app.service");
        publish(script("1.0"), "\"1.0\"");
    }
    Component wanted(const std::string& version, std::chrono::minutes begin) {
        Component component = app_with_unit();
        component.version = version;
        component.windows = {window_in(begin)};
        publish(script(version), "\"" + version + "\"");
        return component;
    }
    void install_1_0() {
        ASSERT_EQ(run_one(wanted("1.0", -30min)).decision, Decision::install);
        units.forget_calls();
        journal.clear();
    }
    std::string priorities_of_holds() const {
        std::string priorities;
        for (const JournalEntry& entry : journal.with_id(message_id::hold))
            priorities += entry.priority == Priority::notice ? "notice " : "debug ";
        return priorities;
    }
};

TEST_F(WindowsTest, AnUpdateIsDownloadedAndNotPutInPlaceOutsideOfThem) {
    install_1_0();
    const Component update = wanted("1.1", 2h);
    const Outcome outcome = run_one(update);
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, StartsWith("window: opens "));
    EXPECT_FALSE(outcome.error);
    EXPECT_EQ(target(), script("1.0"));
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_TRUE(std::filesystem::exists(blob(script("1.1")))) << "it was not downloaded";
    ASSERT_TRUE(outcome.next_try);
    EXPECT_LE(*outcome.next_try, wall_clock() + 2h);
    EXPECT_GE(*outcome.next_try, wall_clock() + 2h - 5s);
}

TEST_F(WindowsTest, AHeldUpdateIsToldOnceAndWritesNothingMore) {
    install_1_0();
    const Component update = wanted("1.1", 2h);
    run_one(update);
    const auto before = list_tree(folder.path());
    run_one(update);
    run_one(update);
    EXPECT_EQ(list_tree(folder.path()), before);
    EXPECT_EQ(priorities_of_holds(), "notice debug debug ");
    EXPECT_EQ(origin.bodies, 2U);
}

TEST_F(WindowsTest, AnUpdateIsMadeWhenTheWindowOpensWithoutAnotherTransfer) {
    install_1_0();
    run_one(wanted("1.1", 2h));
    const Outcome outcome = run_one(wanted("1.1", -30min));
    EXPECT_EQ(to_string(outcome.decision), "update");
    EXPECT_EQ(target(), script("1.1"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
    EXPECT_EQ(origin.bodies, 2U);
    EXPECT_TRUE(read_troubles(paths).empty());
}

TEST_F(WindowsTest, AFirstInstallationWaitsToo) {
    const Outcome outcome = run_one(wanted("1.0", 2h));
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_FALSE(std::filesystem::exists(folder / "bin/app"));
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_TRUE(std::filesystem::exists(blob(script("1.0"))));
    EXPECT_EQ(to_string(run_one(wanted("1.0", -30min)).decision), "install");
}

TEST_F(WindowsTest, ARemovalWaitsToo) {
    install_1_0();
    Component absent = wanted("1.0", 2h);
    absent.state = WantedState::absent;
    EXPECT_EQ(to_string(run_one(absent).decision), "hold");
    EXPECT_EQ(target(), script("1.0"));
    EXPECT_TRUE(units.jobs().empty());
    absent.windows = {window_in(-30min)};
    EXPECT_EQ(to_string(run_one(absent).decision), "remove");
}

TEST_F(WindowsTest, WhatIsUnchangedIsUnchanged) {
    install_1_0();
    EXPECT_EQ(to_string(run_one(wanted("1.0", 2h)).decision), "unchanged");
}

TEST_F(WindowsTest, ADamagedFileIsRepairedAlsoWhileAnUpdateWaits) {
    install_1_0();
    write_text(folder / "bin/app", "by hand");
    EXPECT_EQ(to_string(run_one(wanted("1.0", 2h)).decision), "repair");
    EXPECT_EQ(target(), script("1.0"));
    write_text(folder / "bin/app", "by hand");
    const Outcome outcome = run_one(wanted("1.1", 2h));
    EXPECT_EQ(to_string(outcome.decision), "repair");
    EXPECT_EQ(target(), script("1.0")) << "and not what waits";
    EXPECT_TRUE(outcome.next_try) << "the daemon is to wake when it opens";
}

TEST_F(WindowsTest, WhatMovesToAnotherPathStaysWhereItIs) {
    install_1_0();
    Component moved = wanted("1.1", 2h);
    moved.files[0].path = (folder / "bin/moved").string();
    EXPECT_EQ(to_string(run_one(moved).decision), "hold");
    EXPECT_EQ(target(), script("1.0"));
    EXPECT_FALSE(std::filesystem::exists(folder / "bin/moved"));
}

TEST_F(WindowsTest, WhatIsUnhealthyIsTakenBackAtAnyTime) {
    install_1_0();
    units.behave("app.service", Behaviour::crashes_on_start);
    Component update = wanted("1.1", -30min);
    const Outcome outcome = run_one(update);
    EXPECT_EQ(to_string(outcome.decision), "rollback");
    EXPECT_EQ(target(), script("1.0"));
    update.windows = {window_in(2h)};
    const Outcome after = run_one(update);
    EXPECT_EQ(to_string(after.decision), "hold");
    EXPECT_THAT(after.reason, StartsWith("quarantined: ")) << "which no window ends";
}

TEST_F(WindowsTest, AJobThatIsDueForWhatIsInPlaceDoesNotWait) {
    install_1_0();
    units.end_next_job_with("app.service", "canceled");
    ASSERT_TRUE(run_one(wanted("1.1", -30min)).error);
    ASSERT_EQ(target(), script("1.1"));
    units.forget_calls();
    EXPECT_EQ(to_string(run_one(wanted("1.1", 2h)).decision), "update");
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(WindowsTest, AnOperatorNeedNotWait) {
    install_1_0();
    PassOptions now;
    now.at_once = true;
    EXPECT_EQ(to_string(run_one(wanted("1.1", 2h), now).decision), "update");
    PassOptions back;
    back.names = {"app"};
    back.rollback_to = "";
    EXPECT_EQ(to_string(run_one(wanted("1.1", 2h), back).decision), "rollback");
    EXPECT_EQ(target(), script("1.0"));
}

TEST_F(WindowsTest, AnImageIsBuiltWhenItIsBuilt) {
    paths.root = folder.path();
    Component component = wanted("1.0", 2h);
    component.files[0].path = "/bin/app";
    EXPECT_EQ(to_string(run_one(component).decision), "install");
}

TEST_F(WindowsTest, APlanSaysWhatWouldWait) {
    install_1_0();
    PassOptions plan;
    plan.dry_run = true;
    EXPECT_THAT(run_one(wanted("1.1", 2h), plan).reason, StartsWith("window: opens "));
    EXPECT_TRUE(read_troubles(paths).empty());
}

TEST_F(WindowsTest, AFailureThatIsFollowedByAHoldIsNoFailureAnyMore) {
    install_1_0();
    Component update = wanted("1.1", 2h);
    origin.pages.clear();
    ASSERT_EQ(run_one(update).decision, Decision::fail);
    run_one(wanted("1.1", 2h));
    EXPECT_EQ(read_troubles(paths).at("app").decision, Decision::hold);
    EXPECT_EQ(priorities_of_holds(), "notice ");
}

TEST(TimeZonesOfWindows, MustBeThereOnTheMachine) {
    ParsedManifest manifest;
    Component component;
    component.place = {"m.yaml", 2, 3};
    for (const char* text : {"02:00-04:00 UTC", "02:00-04:00", "02:00-04:00 Europe/Nowhere"}) {
        component.windows.push_back(parse_window(text).window);
        component.windows.back().line = 7;
        component.windows.back().column = 16;
    }
    manifest.components = {component};
    require_time_zones(manifest, {});
    ASSERT_EQ(manifest.errors.size(), 1U);
    EXPECT_THAT(to_text(manifest.errors[0]),
                StartsWith("m.yaml:7:16: windows: there is no time zone 'Europe/Nowhere' in "));
    EXPECT_TRUE(manifest.components.empty());
}

} // namespace
} // namespace provisor::test
