// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "model/paths.hpp"
#include "pass/work.hpp"

#include <vector>

namespace provisor {

/// Holds what is to be changed while the component's windows are closed: updates, first
/// installations (which start units, too) and removals. What makes good is not held: repairs,
/// rollbacks, and jobs that are due for what is in place already.
void keep_to_windows(std::vector<Work>& works, WallTime now, Units units, const Paths& paths,
                     const Interrupt& interrupt);

} // namespace provisor
