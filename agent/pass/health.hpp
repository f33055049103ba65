// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/probes_test.cpp
#pragma once

#include "pass/pass.hpp"
#include "pass/unit_work.hpp"

#include <vector>

namespace provisor {

/// Adds the units of a component whose trial was not brought to an end (a crash cut it off, it
/// failed, or an administrator had stopped them) to those that are watched. While one of them does
/// not run, or is on its way to or from that, the trial stays for a later pass.
void resume_trial(Work& work, std::vector<UnitWork>& units, UnitManager& manager);

/// Watches all units at once, each through its own settle time and until the probes of its
/// components have succeeded; and makes the probes of the components among `works` that have a unit
/// watched, or are on trial (or taken back) and have none to watch. Components of units that are in
/// trouble, and those whose probes do not succeed in time, fail with an error of kind health and
/// are Work::unhealthy.
void watch(std::vector<UnitWork>& units, const std::vector<Work*>& works,
           const Surroundings& around);

} // namespace provisor
