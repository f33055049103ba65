// SPDX-License-Identifier: Apache-2.0
#include "pass/health.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <poll.h>

namespace provisor {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto look_step = std::chrono::milliseconds(250);

void sleep_interruptibly(Duration span, const Interrupt& interrupt) {
    pollfd stop{interrupt.fd(), POLLIN, 0};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
    ::poll(&stop, 1, static_cast<int>(std::max<std::int64_t>(ms, 0)));
    interrupt.check();
}

/// One look at a unit that is being watched.
void look(UnitWork& unit, UnitManager& units) {
    try {
        const UnitState now = units.state(unit.name);
        const std::optional<std::string> trouble = find_trouble(unit.before, facts_of(now));
        if (!trouble)
            return;
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

} // namespace

void resume_trial(Work& work, std::vector<UnitWork>& units, UnitManager& manager) {
    for (const UnitSpec& spec : work.component->units) {
        if (spec.on_change == OnChange::none)
            continue;
        const UnitFacts facts = facts_of(manager.state(spec.name));
        const bool rests = facts.oneshot && !facts.remain_after_exit;
        if (facts.active_state == "inactive" && !rests) {
            // Who stopped it knows why; it is judged when it runs again.
            work.on_trial = false;
            continue;
        }
        auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const UnitWork& one) { return one.name == spec.name; });
        if (unit == units.end()) {
            unit = units.insert(units.end(), UnitWork{});
            unit->name = spec.name;
        }
        unit->sharers.push_back(&work);
        if (!unit->watched)
            unit->before = facts;
        unit->watched = true;
        unit->settle = std::max(unit->settle, work.component->health.settle);
    }
}

void watch(std::vector<UnitWork>& units, const Surroundings& around) {
    const Clock::time_point begun = Clock::now();
    std::vector<UnitWork*> watched;
    for (UnitWork& unit : units)
        if (unit.watched && unit.trouble.empty())
            watched.push_back(&unit);
    while (!watched.empty()) {
        around.progress.set_stage(fmt::format("watching {}{}", watched.front()->name,
                                              watched.size() > 1 ? " and others" : ""));
        const auto elapsed = Clock::now() - begun;
        for (UnitWork* unit : watched)
            look(*unit, around.units);
        std::erase_if(watched, [&](const UnitWork* unit) {
            return !unit->trouble.empty() || elapsed >= unit->settle;
        });
        if (!watched.empty())
            sleep_interruptibly(look_step, around.interrupt);
    }
}

} // namespace provisor
