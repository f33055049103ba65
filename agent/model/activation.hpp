// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/plan.hpp"

#include <optional>
#include <string>

namespace provisor {

struct UnitSpec;
enum class OnChange;

/// What of a unit's state decides whether it is acted on, and whether it is healthy afterwards.
struct UnitFacts {
    bool loaded = true;       ///< LoadState is "loaded"
    std::string active_state; ///< systemd's ActiveState
    std::string invocation_id;
    unsigned restarts = 0; ///< NRestarts
    bool oneshot = false;  ///< Type=oneshot
    bool remain_after_exit = false;
    bool operator==(const UnitFacts&) const = default;
};

/// What to do with a unit of a component for which something is `due`; OnChange::none means: leave
/// it alone. The first install starts; a later change acts only on what runs, starts or failed, so
/// that what an administrator stopped stays stopped. A resting oneshot is a hook: inactive is how
/// it waits for its next run.
OnChange action_for(const UnitSpec& unit, Due due, const UnitFacts& facts);

/// The stronger of two actions on one unit that several components share.
OnChange stronger(OnChange a, OnChange b);

/// Whether `now` says that the unit is in trouble, given how it was right after its job ended
/// (`then`): the complaint, or absent while all is well. A job result "done" alone says little:
/// Type=simple reports it for a program that does not exist, so the unit must stay active with the
/// same invocation and no automatic restart.
std::optional<std::string> find_trouble(const UnitFacts& then, const UnitFacts& now);

} // namespace provisor
