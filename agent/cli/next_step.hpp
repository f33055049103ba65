// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/overview.hpp"
#include "units/unit_manager.hpp"

#include <optional>
#include <string>

namespace provisor {

/// What will be done about a component next.
struct NextStep {
    std::string what;
    std::optional<WallTime> not_before; ///< by the first pass after this; absent: the next pass
    bool operator==(const NextStep&) const = default;
};

/// By what is recorded of it; `now` decides whether the hold of a guard is over. Pure.
NextStep next_step(const Overview& overview, WallTime now);

/// When a pass is made next, and by whom.
struct NextPass {
    std::string what;             ///< for people
    std::optional<WallTime> when; ///< if that is known
};

/// From what the service manager says of the daemon and the timer: the daemon keeps its STATUS=
/// telling when it makes its next pass.
NextPass next_pass(UnitManager& units);

/// The unit whose sandbox the passes run in: provisor-apply.service if provisor.timer is active and
/// the daemon is not (while that is active, it makes the passes, and those of the timer are
/// skipped), else provisor.service. Throws Error when the service manager cannot be asked.
std::string service_of_passes(UnitManager& units);

} // namespace provisor
