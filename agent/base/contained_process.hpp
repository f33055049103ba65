// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/base/contained_test.cpp
#pragma once

#include "base/contained.hpp"
#include "base/interrupt.hpp"

#include <span>
#include <vector>

namespace provisor {

/// Runs a command as a process of our own (for where there is no service manager to ask): as root
/// under `command_account`, otherwise as who we are; with no new privileges and no capability, no
/// socket but local ones, nothing to write to, little of everything (see contained.hpp), and in
/// name spaces of its own for network, processes and mounts where the kernel and our sandbox allow
/// that. What it leaves running is killed, with or without such a name space.
///
/// Returns how it ended, also when it could not be started. Throws Interrupted, when all of it is
/// gone, and Error of kind io when there are no descriptors or processes to be had.
CommandResult run_contained_process(const ContainedCommand& command, const Interrupt& interrupt);
/// Several of them side by side; results in the order of the commands.
std::vector<CommandResult> run_contained_processes(std::span<const ContainedCommand> commands,
                                                   const Interrupt& interrupt);

} // namespace provisor
