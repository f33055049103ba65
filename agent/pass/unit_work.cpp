// SPDX-License-Identifier: Apache-2.0
#include "pass/unit_work.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace provisor {

bool is_sharer(const Work& work, const UnitWork& unit) {
    return std::find(unit.sharers.begin(), unit.sharers.end(), &work) != unit.sharers.end();
}

bool is_watched(const Work& work, const std::vector<UnitWork>& units) {
    return std::any_of(units.begin(), units.end(),
                       [&](const UnitWork& unit) { return unit.watched && is_sharer(work, unit); });
}

bool has_living_units(const Component& component) {
    return std::any_of(component.units.begin(), component.units.end(),
                       [](const UnitSpec& unit) { return unit.on_change != OnChange::none; });
}

UnitFacts facts_of(const UnitState& state) {
    return {state.load_state == "loaded",
            state.active_state,
            state.invocation_id,
            state.restarts,
            state.service_type == "oneshot",
            state.remain_after_exit};
}

std::string state_in_words(const UnitState& state) {
    std::string text = fmt::format("{} ({})", state.active_state, state.sub_state);
    // CLD_EXITED is 1, CLD_KILLED 2, CLD_DUMPED 3: siginfo(2).
    if (state.exit_code == 1 && state.exit_status != 0)
        text += fmt::format(", exit status {}", state.exit_status);
    if (state.exit_code == 2 || state.exit_code == 3)
        text += fmt::format(", killed by signal {} ({})", state.exit_status,
                            ::strsignal(state.exit_status));
    if (!state.result.empty() && state.result != "success")
        text += fmt::format(", result {}", state.result);
    return text;
}

void fail_all(const std::vector<Work*>& sharers, const Error& error) {
    for (Work* work : sharers)
        attempt(*work, [&] { throw error; });
}

} // namespace provisor
