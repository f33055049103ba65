// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/units/offline_units_test.cpp
#pragma once

#include <string>
#include <vector>

namespace provisor {

/// What a run of systemctl left: its exit status and everything that it wrote.
struct SystemctlResult {
    int exit_status = 0;
    std::string output;
};

/// Runs systemctl (without a shell, found in PATH) on files, never on a running manager; at most a
/// minute. Throws Error of kind unit when there is no systemctl or it does not end.
SystemctlResult run_systemctl(const std::vector<std::string>& arguments);

} // namespace provisor
