// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/install/packages_test.cpp
#pragma once

#include "base/duration.hpp"

#include <string>
#include <vector>

namespace provisor {

/// What a run of a program left: its exit status (128 and the signal that ended it) and everything
/// that it wrote.
struct ProgramRun {
    int exit_status = 0;
    std::string output;
};

/// Runs a program of the system, found in PATH, without a shell and with nothing to read. Its
/// environment is PATH, a locale without translations, and `environment` ("NAME=value"). Throws
/// Error of kind io when it cannot be started or does not end within `patience`; it is killed then.
ProgramRun run_command(const std::vector<std::string>& words,
                       const std::vector<std::string>& environment, Duration patience);

} // namespace provisor
