// SPDX-License-Identifier: Apache-2.0
#include "pass/health.hpp"

#include "pass/probing.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace provisor {
namespace {

using Clock = Probing::Clock;
constexpr Duration look_step = std::chrono::milliseconds(250);

/// One look at a unit that is being watched.
void look(UnitWork& unit, UnitManager& units) {
    try {
        const UnitState now = units.state(unit.name);
        const std::optional<std::string> trouble = find_trouble(unit.before, facts_of(now));
        if (!trouble)
            return;
        // Nothing can be said of what is put in place while everything is being stopped; the trial
        // goes on after the boot.
        if (units.is_going_down())
            throw Interrupted();
        if (was_stopped(now)) {
            // Somebody's will, as of what was stopped before: it is judged when it runs again.
            unit.trouble = fmt::format("{} was stopped while it was being watched", unit.name);
            fail_all(
                unit.sharers,
                Error(ErrorKind::health,
                      unit.trouble + "; whether it is healthy is found out when it runs again"));
            return;
        }
        unit.trouble =
            fmt::format("{} is not healthy: {}; now {}", unit.name, *trouble, state_in_words(now));
        for (Work* work : unit.sharers)
            work->unhealthy = true;
        fail_all(unit.sharers,
                 Error(ErrorKind::health,
                       unit.trouble + fmt::format("; see `journalctl -u {}`", unit.name)));
    } catch (const Error& error) {
        unit.trouble = error.what();
        fail_all(unit.sharers, error);
    }
}

/// Whether it can be said of the unit that it took to what is installed, or did not. What is
/// started or stopped right now (by the boot, by an administrator) can be judged when that is over,
/// unless it is started again and again.
bool can_be_judged(const UnitFacts& facts) {
    if (facts.oneshot && !facts.remain_after_exit)
        return facts.active_state == "inactive" || facts.active_state == "failed";
    return facts.active_state == "active" || facts.active_state == "reloading" ||
           facts.active_state == "failed" ||
           (facts.active_state == "activating" && facts.restarts > 0);
}

/// Those of the component that run and are being watched.
std::vector<std::string> running_units(const Work& work, const std::vector<UnitWork>& units) {
    std::vector<std::string> names;
    for (const UnitWork& unit : units)
        if (unit.watched && is_sharer(work, unit) && unit.before.active_state == "active")
            names.push_back(unit.name);
    return names;
}

bool is_probed(const Work& work, const std::vector<UnitWork>& units) {
    if (work.done)
        return false;
    if (!has_living_units(*work.component))
        return work.on_trial || work.plan.decision == Decision::rollback;
    return is_watched(work, units);
}

} // namespace

void resume_trial(Work& work, std::vector<UnitWork>& units, UnitManager& manager) {
    const auto known = [&](const std::string& name) {
        return std::find_if(units.begin(), units.end(),
                            [&](const UnitWork& one) { return one.name == name; });
    };
    std::vector<std::pair<std::string, UnitFacts>> judged;
    for (const UnitSpec& spec : work.component->units) {
        if (spec.on_change == OnChange::none)
            continue;
        const UnitFacts facts = facts_of(manager.state(spec.name));
        const auto unit = known(spec.name);
        if (!can_be_judged(facts) || (unit != units.end() && !unit->trouble.empty())) {
            work.on_trial = false;
            return;
        }
        judged.emplace_back(spec.name, facts);
    }
    for (const auto& [name, facts] : judged) {
        auto unit = known(name);
        if (unit == units.end()) {
            unit = units.insert(units.end(), UnitWork{});
            unit->name = name;
        }
        unit->sharers.push_back(&work);
        if (!unit->watched)
            unit->before = facts;
        unit->watched = true;
        unit->settle = std::max(unit->settle, work.component->health.settle);
    }
}

void watch(std::vector<UnitWork>& units, const std::vector<Work*>& works,
           const Surroundings& around) {
    const Clock::time_point begun = Clock::now();
    std::vector<UnitWork*> watched;
    for (UnitWork& unit : units)
        if (unit.watched && unit.trouble.empty())
            watched.push_back(&unit);
    Probing probing(around, begun);
    for (Work* work : works)
        if (is_probed(*work, units))
            probing.add(*work, running_units(*work, units));
    while (!watched.empty() || !probing.over()) {
        const auto elapsed = Clock::now() - begun;
        // After what the probes have seen: a unit may have died behind its last good answer.
        for (UnitWork* unit : watched)
            look(*unit, around.units);
        Duration patience = look_step;
        std::erase_if(watched, [&](const UnitWork* unit) {
            const auto left = std::chrono::ceil<Duration>(unit->settle - elapsed);
            if (left > Duration::zero())
                patience = std::min(patience, left);
            return std::all_of(unit->sharers.begin(), unit->sharers.end(), [&](const Work* work) {
                return work->done || (left <= Duration::zero() && !probing.concerns(*work));
            });
        });
        if (watched.empty() && probing.over())
            return;
        const std::string stage = probing.stage();
        if (!stage.empty())
            around.progress.set_stage(stage);
        else if (!watched.empty())
            around.progress.set_stage(fmt::format("watching {}{}", watched.front()->name,
                                                  watched.size() > 1 ? " and others" : ""));
        probing.wait(patience);
    }
}

} // namespace provisor
