// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pass/pass.hpp"
#include "pass/unit_work.hpp"

#include <vector>

namespace provisor {

/// Adds the units of a component whose trial was not brought to an end (a crash cut it off, it
/// failed, or an administrator had stopped them) to those that are watched.
void resume_trial(Work& work, std::vector<UnitWork>& units, UnitManager& manager);

/// Watches all units at once, each through its own settle time. Components of units that are in
/// trouble fail with an error of kind health and are Work::unhealthy.
void watch(std::vector<UnitWork>& units, const Surroundings& around);

} // namespace provisor
