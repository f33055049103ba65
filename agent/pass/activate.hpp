// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/activation_test.cpp
#pragma once

#include "pass/pass.hpp"
#include "pass/unit_work.hpp"
#include "store/component_store.hpp"

#include <vector>

namespace provisor {

/// What was done with units, and which are to be watched now.
struct Activation {
    std::vector<UnitWork> units;
    unsigned jobs = 0;
};

/// Acts on the units of every component for which that is due, each unit once, in the order of
/// `after`; at most one daemon-reload. `.activated` is written as soon as the jobs of a component
/// are done, before its health is watched: after a crash in between units are acted on at most once
/// more than needed, and a job that failed is tried again by the next pass.
Activation activate(const std::vector<Work*>& works, const Paths& paths, ComponentStore& store,
                    const Surroundings& around);

/// Under --root: enables units as files, starts nothing, and leaves `.activated` alone, so that the
/// machine that boots from the image activates them.
void enable_only(const std::vector<Work*>& works, const Surroundings& around);

} // namespace provisor
