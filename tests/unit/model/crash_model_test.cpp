// SPDX-License-Identifier: Apache-2.0
// The two markers against every crash: from every state that a machine can be in, two passes that
// may be cut off after every step, then a pass that ends. Steps and their order are those of
// pass/put_in_place.cpp and pass/activate.cpp.
#include "base/sha256.hpp"
#include "model/component.hpp"
#include "model/plan.hpp"

#include <gtest/gtest.h>
#include <optional>

namespace provisor {
namespace {

using Content = char; // 'A' and 'B' are artifacts, 'X' is a file of somebody else's

Component app() {
    Component component;
    component.name = "app";
    component.files = {{"", "/opt/app", 0755, "root", "root"}};
    UnitSpec unit;
    unit.name = "app.service";
    component.units = {unit};
    return component;
}

Marker marker_of(Content content) {
    return wanted_marker(app(), sha256_of(std::string(1, content)), {}, "/etc/systemd/system");
}

std::optional<Marker> marker_of(std::optional<Content> content) {
    return content ? std::optional(marker_of(*content)) : std::nullopt;
}

struct Machine {
    std::optional<Content> target;
    std::optional<Content> installed;
    std::optional<Content> activated;
    bool in_doubt = false;          ///< of `activated`
    std::optional<Content> running; ///< what the unit's process was started from
    int unit_actions = 0;
    bool operator==(const Machine&) const = default;

    Observed observe() const {
        Observed observed{marker_of(installed), marker_of(activated), {}};
        if (observed.activated)
            observed.activated->in_doubt = in_doubt;
        if (target)
            observed.actual["/opt/app"] = marker_of(*target).files[0];
        return observed;
    }
};

std::string told(const Machine& machine) {
    const auto letter = [](const std::optional<Content>& content) {
        return std::string(1, content.value_or('-'));
    };
    return "target " + letter(machine.target) + " installed " + letter(machine.installed) +
           " activated " + letter(machine.activated) + (machine.in_doubt ? "?" : "") + " running " +
           letter(machine.running);
}

constexpr int whole_pass = 99;

/// A pass that dies after `steps` steps that change anything; returns its decision.
Decision run_pass(Machine& machine, Content wanted, int steps) {
    const Plan plan =
        make_plan(app(), marker_of(wanted), Freshness::fetched, machine.observe(), Units::act);
    const auto step = [&](const auto& action) {
        if (steps-- > 0)
            action();
    };
    if (plan.record_foreign)
        step([&] {
            machine.activated = machine.target;
            machine.in_doubt = true;
        });
    if (!plan.place.empty())
        step([&] { machine.target = wanted; });
    if (plan.write_marker)
        step([&] { machine.installed = wanted; });
    if (plan.due != Due::nothing && plan.due != Due::repair) {
        if (machine.activated && !machine.in_doubt)
            step([&] { machine.in_doubt = true; });
        step([&] {
            // `start` on a running unit does nothing.
            if (plan.due == Due::adoption && machine.running)
                return;
            machine.running = machine.target;
            ++machine.unit_actions;
        });
        step([&] {
            machine.activated = wanted;
            machine.in_doubt = false;
        });
    }
    return plan.decision;
}

/// Every state that provisor itself, or an earlier crash of it, can leave behind, drift on top, and
/// what an administrator had installed and started by hand before provisor came.
std::vector<Machine> all_machines() {
    std::vector<Machine> machines;
    const std::vector<std::optional<Content>> any{std::nullopt, 'A', 'B'};
    for (const auto& target :
         {std::optional<Content>(), std::optional('A'), std::optional('B'), std::optional('X')})
        for (const auto& installed : any)
            for (const auto& activated : any)
                machines.push_back(
                    {target, installed, activated, false, activated ? activated : target, 0});
    return machines;
}

TEST(CrashModel, EveryCrashInTwoPassesEndsWithWhatWasWantedRunning) {
    int runs = 0;
    for (const Machine& start : all_machines())
        for (const Content first : {'A', 'B'})
            for (const Content second : {'A', 'B'})
                for (int cut_first = 0; cut_first <= 7; ++cut_first)
                    for (int cut_second = 0; cut_second <= 7; ++cut_second) {
                        Machine machine = start;
                        run_pass(machine, first, cut_first);
                        run_pass(machine, second, cut_second);
                        run_pass(machine, second, whole_pass);
                        ASSERT_EQ(machine.target, second);
                        ASSERT_EQ(machine.installed, second);
                        ASSERT_EQ(machine.activated, second);
                        ASSERT_EQ(machine.running, second)
                            << told(start) << "; " << first << " cut after " << cut_first << ", "
                            << second << " cut after " << cut_second;
                        ++runs;
                    }
    EXPECT_EQ(runs, 36 * 4 * 64);
}

TEST(CrashModel, AnUnchangedPassDoesNothing) {
    for (const Machine& start : all_machines())
        for (const Content wanted : {'A', 'B'}) {
            Machine machine = start;
            run_pass(machine, wanted, whole_pass);
            const Machine settled = machine;
            EXPECT_EQ(run_pass(machine, wanted, whole_pass), Decision::unchanged);
            EXPECT_EQ(machine, settled);
        }
}

TEST(CrashModel, ACrashCostsAtMostOneUnitActionMoreThanNeeded) {
    for (const Machine& start : all_machines())
        for (const Content wanted : {'A', 'B'}) {
            Machine undisturbed = start;
            run_pass(undisturbed, wanted, whole_pass);
            for (int cut = 0; cut <= 7; ++cut) {
                Machine machine = start;
                run_pass(machine, wanted, cut);
                run_pass(machine, wanted, whole_pass);
                EXPECT_GE(machine.unit_actions, undisturbed.unit_actions)
                    << told(start) << "; cut after " << cut;
                EXPECT_LE(machine.unit_actions, undisturbed.unit_actions + 1);
            }
        }
}

TEST(CrashModel, AChangedMarkerLeadsToAnAction) {
    for (const Machine& start : all_machines())
        for (const Content wanted : {'A', 'B'}) {
            if (!start.activated || start.activated == wanted)
                continue;
            for (int cut = 0; cut <= 7; ++cut) {
                Machine machine = start;
                run_pass(machine, wanted, cut);
                run_pass(machine, wanted, whole_pass);
                EXPECT_GE(machine.unit_actions, 1) << told(start) << "; cut after " << cut;
            }
        }
}

} // namespace
} // namespace provisor
