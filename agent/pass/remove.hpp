// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/operator_test.cpp
#pragma once

#include "pass/pass.hpp"
#include "pass/work.hpp"

#include <vector>

namespace provisor {

/// Takes a component from the machine: its units are stopped and disabled, its files removed, and
/// then what is recorded of it, so that a crash in between leads to the same again. A file that
/// somebody changed since it was installed stays, and so do files that another component owns and
/// units that another of `components` acts on. With Units::leave no unit is stopped (it is disabled
/// all the same). Returns the number of jobs.
unsigned remove_component(Work& work, const std::vector<Component>& components, const Paths& paths,
                          Units units, const Surroundings& around);

} // namespace provisor
