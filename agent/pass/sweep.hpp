// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/pass_test.cpp
#pragma once

#include "model/paths.hpp"
#include "pass/work.hpp"

#include <vector>

namespace provisor {

/// Removes what a crash left of files under way: in the directories of provisor's own, beside the
/// targets of these components, also those that a manifest does not name any more, and beside what
/// no manifest claims (TargetOwners::unclaimed_paths()). A component whose directories cannot be
/// looked through fails. Only with the lock held.
void sweep_leftovers(std::vector<Work>& works, const TargetOwners& owners, const Paths& paths);

} // namespace provisor
