// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/concurrency_rows_test.cpp
#pragma once

#include "cli/context.hpp"
#include "pass/pass.hpp"

namespace provisor {

/// Runs one pass, with progress on a terminal. The caller holds the lock.
PassReport run_locked(Context& context, const Settings& settings, const PassOptions& options);

/// Prints what became of each component: a table, or the JSON document.
void show_report(const Context& context, const PassReport& report);

/// Whether a component failed; one that was rolled back did.
bool failed(const PassReport& report);

/// Says that another pass is running; returns the exit status for that.
int report_locked();

} // namespace provisor
