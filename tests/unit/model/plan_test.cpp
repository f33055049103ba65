// SPDX-License-Identifier: Apache-2.0
#include "model/plan.hpp"

#include "base/sha256.hpp"
#include "model/component.hpp"

#include <functional>
#include <gtest/gtest.h>

namespace provisor {
namespace {

const std::string one = sha256_of("one");
const std::string two = sha256_of("two");

Component app() {
    Component component;
    component.name = "app";
    component.files = {{"", "/opt/app", 0755, "root", "root"}};
    UnitSpec unit;
    unit.name = "app.service";
    component.units = {unit};
    return component;
}

Marker marker_of(const std::string& digest) {
    return wanted_marker(app(), digest, {}, "/etc/systemd/system");
}

Observed settled(const std::string& digest) {
    const Marker marker = marker_of(digest);
    return {marker, marker, {{"/opt/app", marker.files[0]}}};
}

struct Row {
    const char* name;
    std::function<Observed()> observed;
    std::string wanted;
    Units units;
    Plan plan;
    const char* why; ///< a part of the reason
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

class PlanTable : public testing::TestWithParam<Row> {};

TEST_P(PlanTable, DecidesAsTheRulesSay) {
    const Row& row = GetParam();
    const Plan plan =
        make_plan(app(), marker_of(row.wanted), Freshness::fetched, row.observed(), row.units);
    EXPECT_EQ(to_string(plan.decision), to_string(row.plan.decision));
    EXPECT_EQ(plan.place, row.plan.place);
    EXPECT_EQ(plan.write_marker, row.plan.write_marker);
    EXPECT_EQ(plan.due, row.plan.due);
    EXPECT_NE(plan.reason.find(row.why), std::string::npos) << plan.reason;
}

const std::vector<std::string> place{"/opt/app"};

INSTANTIATE_TEST_SUITE_P(
    Rows, PlanTable,
    testing::Values(Row{"InstallsOnAnEmptyMachine",
                        [] { return Observed{}; },
                        one,
                        Units::act,
                        {Decision::install, "", place, true, Due::first_install},
                        "nothing was installed"},
                    Row{"AdoptsWhatIsInPlaceAndOnlyStartsUnits",
                        [] {
                            Observed observed;
                            observed.actual = settled(one).actual;
                            return observed;
                        },
                        one,
                        Units::act,
                        {Decision::install, "", {}, true, Due::adoption},
                        "in place already"},
                    Row{"LeavesAMatchingMachineAlone",
                        [] { return settled(one); },
                        one,
                        Units::act,
                        {Decision::unchanged, "", {}, false, Due::nothing},
                        "same content"},
                    Row{"UpdatesToOtherContent",
                        [] { return settled(one); },
                        two,
                        Units::act,
                        {Decision::update, "", place, true, Due::change},
                        "origin has new content"},
                    Row{"RepairsAnEditedFileWithoutTouchingTheMarker",
                        [] {
                            Observed observed = settled(one);
                            observed.actual["/opt/app"].sha256 = two;
                            return observed;
                        },
                        one,
                        Units::act,
                        {Decision::repair, "", place, false, Due::repair},
                        "changed by somebody else"},
                    Row{"RepairsADeletedFile",
                        [] {
                            Observed observed = settled(one);
                            observed.actual.clear();
                            return observed;
                        },
                        one,
                        Units::act,
                        {Decision::repair, "", place, false, Due::repair},
                        "was deleted"},
                    Row{"RepairsAMode",
                        [] {
                            Observed observed = settled(one);
                            observed.actual["/opt/app"].mode = 0644;
                            return observed;
                        },
                        one,
                        Units::act,
                        {Decision::repair, "", place, false, Due::repair},
                        "had mode 0644, not 0755"},
                    Row{"LeavesCapabilitiesThatNobodyAskedForToAnAdministrator",
                        [] {
                            Observed observed = settled(one);
                            observed.actual["/opt/app"].capabilities = "";
                            return observed;
                        },
                        one,
                        Units::act,
                        {Decision::unchanged, "", {}, false, Due::nothing},
                        "same content"},
                    Row{"TakesAwayCapabilitiesThatAnEarlierManifestAskedFor",
                        [] {
                            Observed observed = settled(one);
                            observed.installed->files[0].capabilities = "cap_kill=ep";
                            observed.activated = observed.installed;
                            return observed;
                        },
                        one,
                        Units::act,
                        {Decision::update, "", place, true, Due::change},
                        "/opt/app has no capabilities in the manifest, not cap_kill=ep"},
                    Row{"FinishesAnInterruptedActivation",
                        [] {
                            Observed observed = settled(two);
                            observed.activated = marker_of(one);
                            return observed;
                        },
                        two,
                        Units::act,
                        {Decision::update, "", {}, false, Due::change},
                        "not been activated"},
                    Row{"FinishesAnInterruptedFirstActivation",
                        [] {
                            Observed observed = settled(one);
                            observed.activated.reset();
                            return observed;
                        },
                        one,
                        Units::act,
                        {Decision::install, "", {}, false, Due::first_install},
                        "not been activated"},
                    Row{"LeavesAPendingActivationToAPassWithUnits",
                        [] {
                            Observed observed = settled(two);
                            observed.activated = marker_of(one);
                            return observed;
                        },
                        two,
                        Units::leave,
                        {Decision::unchanged, "", {}, false, Due::nothing},
                        "same content"},
                    Row{"GoesBackWithoutARestartWhenTheOtherContentWasNeverActivated",
                        [] {
                            Observed observed = settled(two);
                            observed.activated = marker_of(one);
                            return observed;
                        },
                        one,
                        Units::act,
                        {Decision::update, "", place, true, Due::nothing},
                        "origin has new content"},
                    Row{"RecordsWhatIsInPlaceButNotInTheMarker",
                        [] {
                            Observed observed = settled(one);
                            observed.actual["/opt/app"].sha256 = two;
                            return observed;
                        },
                        two,
                        Units::act,
                        {Decision::update, "", {}, true, Due::change},
                        "origin has new content"}),
    [](const auto& row) { return row.param.name; });

TEST(Plan, AComponentWithoutUnitsHasNothingToActivate) {
    Component component = app();
    component.units.clear();
    const Marker wanted = wanted_marker(component, one, {}, "/etc/systemd/system");
    const Plan plan = make_plan(component, wanted, Freshness::fetched, {}, Units::act);
    EXPECT_EQ(plan.due, Due::nothing);
}

TEST(Plan, AUnitFileIsWritableByRootAlone) {
    Component component = app();
    component.units[0].file = "[Service]\nExecStart=/opt/app\n";
    const Marker wanted = wanted_marker(component, one, {}, "/etc/systemd/system");
    const InstalledFile* file = wanted.find("/etc/systemd/system/" + component.units[0].name);
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->mode, mode_t{0644});
    EXPECT_EQ(file->owner, "root");
    EXPECT_EQ(file->group, "root");
}

TEST(Plan, AUnitFileIsPartOfTheMarker) {
    Component component = app();
    component.units[0].file = "[Service]\nExecStart=/opt/app\n";
    const Marker before = wanted_marker(component, one, {}, "/etc/systemd/system");
    ASSERT_NE(before.find("/etc/systemd/system/app.service"), nullptr);
    Observed observed{before, before, {}};
    for (const InstalledFile& file : before.files)
        observed.actual[file.path] = file;
    component.units[0].file = "[Service]\nExecStart=/opt/app --new\n";
    const Marker wanted = wanted_marker(component, one, {}, "/etc/systemd/system");
    const Plan plan = make_plan(component, wanted, Freshness::pinned, observed, Units::act);
    EXPECT_EQ(plan.decision, Decision::update);
    EXPECT_EQ(plan.place, std::vector<std::string>{"/etc/systemd/system/app.service"});
    EXPECT_EQ(plan.due, Due::change);
}

TEST(Plan, CapabilitiesThatAreMissingAreARepair) {
    Component component = app();
    component.files[0].capabilities = "cap_kill=ep";
    const Marker wanted = wanted_marker(component, one, {}, "/etc/systemd/system");
    Observed observed{wanted, wanted, {{"/opt/app", wanted.files[0]}}};
    const auto plan = [&] {
        return make_plan(component, wanted, Freshness::revalidated, observed, Units::act);
    };
    EXPECT_EQ(to_string(plan().decision), "unchanged");
    observed.actual["/opt/app"].capabilities = "";
    EXPECT_EQ(to_string(plan().decision), "repair");
    EXPECT_EQ(plan().reason, "/opt/app had lost cap_kill=ep");
    EXPECT_EQ(plan().place, place);
    observed.actual["/opt/app"].capabilities = "cap_net_raw=ep";
    EXPECT_EQ(plan().reason, "/opt/app had cap_net_raw=ep, not cap_kill=ep");
    // Who changes the owner takes them away with that.
    observed.actual["/opt/app"].owner = "1500";
    observed.actual["/opt/app"].capabilities = "";
    EXPECT_EQ(plan().reason, "/opt/app belonged to 1500:root, not root:root");
}

} // namespace
} // namespace provisor
