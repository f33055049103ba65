// SPDX-License-Identifier: Apache-2.0
#include "units/unit_manager.hpp"

namespace provisor {

std::string_view to_string(UnitVerb verb) {
    switch (verb) {
    case UnitVerb::start:
        return "start";
    case UnitVerb::restart:
        return "restart";
    case UnitVerb::reload:
        return "reload";
    case UnitVerb::stop:
        return "stop";
    case UnitVerb::reload_or_restart:
        break;
    }
    return "reload-or-restart";
}

bool was_stopped(const UnitState& state) {
    if (state.active_exit <= state.active_enter)
        return false;
    return state.main_pid != 0 && state.main_exit == 0 ? state.active_state == "deactivating"
                                                       : state.main_exit > state.active_exit;
}

} // namespace provisor
