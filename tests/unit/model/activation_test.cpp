// SPDX-License-Identifier: Apache-2.0
#include "model/activation.hpp"

#include "model/component.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

struct Row {
    const char* name;
    OnChange on_change;
    Due due;
    const char* active_state;
    OnChange action;
    OnRepair on_repair = OnRepair::none;
    bool oneshot = false;
    bool remain = false;
    bool loaded = true;
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

class ActionTable : public testing::TestWithParam<Row> {};

TEST_P(ActionTable, IsWhatAnAdministratorExpects) {
    const Row& row = GetParam();
    UnitSpec unit;
    unit.on_change = row.on_change;
    unit.on_repair = row.on_repair;
    const UnitFacts facts{row.loaded, row.active_state, "", 0, row.oneshot, row.remain};
    EXPECT_EQ(action_for(unit, row.due, facts), row.action);
}

using enum OnChange;

INSTANTIATE_TEST_SUITE_P(
    Rows, ActionTable,
    testing::Values(
        Row{"FirstInstallStarts", restart, Due::first_install, "inactive", start},
        Row{"FirstInstallRestartsWhatRunsOldContent", restart, Due::first_install, "active",
            restart},
        Row{"FirstInstallLeavesNoneAlone", none, Due::first_install, "inactive", none},
        Row{"AdoptionOnlyStarts", restart, Due::adoption, "active", start},
        Row{"ChangeRestartsARunningUnit", restart, Due::change, "active", restart},
        Row{"ChangeRestartsAFailedUnit", restart, Due::change, "failed", restart},
        Row{"ChangeRestartsAStartingUnit", restart, Due::change, "activating", restart},
        Row{"StoppedByAnAdministratorStaysStopped", restart, Due::change, "inactive", none},
        Row{"BeingStoppedStaysStopped", restart, Due::change, "deactivating", none},
        Row{"ChangeReloads", reload, Due::change, "active", reload},
        Row{"ReloadOfAFailedUnitIsARestart", reload, Due::change, "failed", restart},
        Row{"ChangeWithNone", none, Due::change, "active", none},
        Row{"HookRunsOncePerChange", start, Due::change, "inactive", start, OnRepair::none, true},
        Row{"HookThatStaysActiveRunsAgain", start, Due::change, "active", restart, OnRepair::none,
            true, true},
        Row{"HookThatStaysActiveAndWasStoppedStaysStopped", start, Due::change, "inactive", none,
            OnRepair::none, true, true},
        Row{"MissingUnitIsTriedSoThatSystemdSaysSo", restart, Due::change, "inactive", restart,
            OnRepair::none, false, false, false},
        Row{"RepairLeavesUnitsAlone", restart, Due::repair, "active", none},
        Row{"RepairRestartsWhenAsked", restart, Due::repair, "active", restart, OnRepair::restart},
        Row{"RepairStartsNothing", restart, Due::repair, "inactive", none, OnRepair::restart},
        Row{"RepairIgnoresOnChangeNone", none, Due::repair, "active", restart, OnRepair::restart},
        Row{"NothingDue", restart, Due::nothing, "active", none}),
    [](const auto& row) { return row.param.name; });

UnitFacts running() {
    return {true, "active", "11111111111111111111111111111111", 0, false, false};
}

TEST(FindTrouble, IsSilentWhileAllStaysAsItWas) {
    EXPECT_FALSE(find_trouble(running(), running()));
}

TEST(FindTrouble, SeesWhatAJobResultDoneHides) {
    UnitFacts now = running();
    now.active_state = "failed";
    EXPECT_TRUE(find_trouble(running(), now)) << "the program did not exist";
    now = running();
    now.restarts = 1;
    EXPECT_TRUE(find_trouble(running(), now)) << "it died and systemd restarted it";
    now = running();
    now.invocation_id = "22222222222222222222222222222222";
    EXPECT_TRUE(find_trouble(running(), now)) << "it is another life of the unit";
    now = running();
    now.active_state = "inactive";
    EXPECT_TRUE(find_trouble(running(), now)) << "it ended by itself";
    now.active_state = "activating";
    EXPECT_TRUE(find_trouble(running(), now)) << "auto-restart";
}

TEST(FindTrouble, ARestingHookIsHealthyUnlessItFailed) {
    UnitFacts hook{true, "inactive", "", 0, true, false};
    EXPECT_FALSE(find_trouble(hook, hook));
    UnitFacts failed = hook;
    failed.active_state = "failed";
    EXPECT_TRUE(find_trouble(hook, failed));
}

TEST(Stronger, PrefersTheMoreThoroughAction) {
    EXPECT_EQ(stronger(reload, restart), restart);
    EXPECT_EQ(stronger(start, none), start);
    EXPECT_EQ(stronger(reload_or_restart, reload), reload_or_restart);
}

} // namespace
} // namespace provisor
