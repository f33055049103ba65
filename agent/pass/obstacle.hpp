// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/directories_test.cpp
#pragma once

#include "model/paths.hpp"
#include "pass/work.hpp"

#include <vector>

namespace provisor {

/// Throws Error of kind io when one of the wanted files cannot be put in place since a directory
/// stands at its path, or a file or a link that leads nowhere where a directory would have to be.
/// The message says whose that is and what to do. Nothing is touched: a file of a component that is
/// to become a directory, or the other way round, may be what its units run.
/// `work.observed.installed` has been read.
void refuse_obstacles(const Work& work, const std::vector<InstalledFile>& wanted,
                      const Paths& paths);

} // namespace provisor
