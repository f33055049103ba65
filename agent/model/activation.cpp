// SPDX-License-Identifier: Apache-2.0
#include "model/activation.hpp"

#include "model/component.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

bool runs(const UnitFacts& facts) {
    return facts.active_state == "active" || facts.active_state == "reloading" ||
           facts.active_state == "activating";
}

/// on_change as it makes sense for the state that the unit is in.
OnChange fitted(OnChange wanted, const UnitFacts& facts) {
    // A hook that stays "active (exited)" would not run again by a plain start.
    if (wanted == OnChange::start && facts.oneshot && runs(facts))
        return OnChange::restart;
    // systemd refuses to reload what is not active.
    if (wanted == OnChange::reload && facts.active_state != "active" &&
        facts.active_state != "reloading")
        return OnChange::restart;
    return wanted;
}

int strength(OnChange action) {
    switch (action) {
    case OnChange::none:
        return 0;
    case OnChange::start:
        return 1;
    case OnChange::reload:
        return 2;
    case OnChange::reload_or_restart:
        return 3;
    case OnChange::restart:
        return 4;
    }
    return 0;
}

} // namespace

OnChange action_for(const UnitSpec& unit, Due due, const UnitFacts& facts) {
    if (due == Due::nothing || unit.on_change == OnChange::none)
        return due == Due::repair && unit.on_repair == OnRepair::restart && runs(facts)
                   ? OnChange::restart
                   : OnChange::none;
    switch (due) {
    case Due::nothing:
        return OnChange::none;
    case Due::adoption:
        return OnChange::start;
    case Due::first_install:
        return runs(facts) ? fitted(unit.on_change, facts) : OnChange::start;
    case Due::repair:
        return unit.on_repair == OnRepair::restart && runs(facts) ? OnChange::restart
                                                                  : OnChange::none;
    case Due::change:
        break;
    }
    const bool resting_hook = facts.oneshot && !facts.remain_after_exit;
    // What is masked or missing is tried all the same: systemd's refusal is the message an
    // administrator needs.
    if (runs(facts) || facts.active_state == "failed" || resting_hook || !facts.loaded)
        return fitted(unit.on_change, facts);
    return OnChange::none;
}

OnChange stronger(OnChange a, OnChange b) { return strength(a) >= strength(b) ? a : b; }

std::optional<std::string> find_trouble(const UnitFacts& then, const UnitFacts& now) {
    if (now.active_state == "failed")
        return "it failed";
    if (now.oneshot && !now.remain_after_exit)
        return std::nullopt;
    if (now.restarts > then.restarts)
        return fmt::format("systemd had to restart it {} time{}", now.restarts - then.restarts,
                           now.restarts - then.restarts == 1 ? "" : "s");
    if (now.restarts > 0 && now.active_state != "active")
        return fmt::format("it keeps exiting; systemd restarted it {} time{}", now.restarts,
                           now.restarts == 1 ? "" : "s");
    if (now.invocation_id != then.invocation_id)
        return "it restarted during its settle time";
    if (now.active_state != "active" && now.active_state != "reloading")
        return fmt::format("it is {}", now.active_state);
    return std::nullopt;
}

} // namespace provisor
