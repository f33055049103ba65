// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/overdue_test.cpp
#pragma once

#include "base/time.hpp"
#include "model/paths.hpp"

#include <optional>

namespace provisor {

/// When the last pass over all components ended; absent when none did since the machine was booted.
/// It is the time of an empty file in the run-time directory: an unchanged pass writes nothing to
/// disk, and this is a time in memory.
std::optional<WallTime> last_full_pass(const Paths& paths);

/// A pass over all components has ended now. Not below --root, where the run-time directory is a
/// folder like any other and nobody makes passes again and again. Trouble is nobody's business.
void note_full_pass(const Paths& paths);

} // namespace provisor
