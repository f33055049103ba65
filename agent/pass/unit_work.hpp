// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/activation_test.cpp
#pragma once

#include "model/activation.hpp"
#include "pass/work.hpp"
#include "units/unit_manager.hpp"

#include <string>
#include <vector>

namespace provisor {

/// One unit and everything that the components which share it want of it.
struct UnitWork {
    std::string name;
    std::vector<Work*> sharers;
    std::size_t level = 0; ///< its job comes after those of all lower levels
    OnChange action = OnChange::none;
    bool watched = false; ///< its health is to be watched
    UnitFacts before;     ///< how it was when the watch began
    Duration settle{};
    std::string trouble;
};

bool is_sharer(const Work& work, const UnitWork& unit);

/// Whether a unit of this component is being watched.
bool is_watched(const Work& work, const std::vector<UnitWork>& units);

/// Whether it has units that are acted on, and so can be healthy or not.
bool has_living_units(const Component& component);

UnitFacts facts_of(const UnitState& state);

/// The state in words, for a failed job or an unhealthy unit.
std::string state_in_words(const UnitState& state);

/// Ends the works of all these components with the error.
void fail_all(const std::vector<Work*>& sharers, const Error& error);

} // namespace provisor
