// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/output_rows_test.cpp
#include "cli/cli.hpp"

int main(int argc, char** argv) { return provisor::run_command_line(argc, argv); }
