// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/output_rows_test.cpp
#pragma once

namespace provisor {

/// The whole program: reads the command line, runs the command, returns the exit status of the
/// manual (0 converged, 1 a component failed, 2 bad command line, configuration or manifest, 3
/// changes are pending, 4 locked, 130 interrupted). Throws nothing.
int run_command_line(int argc, char** argv);

} // namespace provisor
