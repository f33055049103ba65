// SPDX-License-Identifier: Apache-2.0
// Tested by tests/system/stories/check.sh
#pragma once

#include "base/contained.hpp"
#include "base/fd.hpp"
#include "units/unit_manager.hpp"

#include <string>

struct sd_bus_message;

namespace provisor {

/// A file in memory for the output of a command. Its size is limited with the command's files, so
/// that nobody has to listen, and other than a pipe it can be opened again as /dev/stdout. Throws
/// Error of kind io.
Fd make_output_file();

/// What becomes of the unit once it has ended. A manager at the other end of a bus keeps it as long
/// as we hold on to it, and no longer than our connection lives; its private socket knows no such
/// holding, so that a failed unit stays until its state is reset.
enum class Kept { while_held, until_reset };

/// Appends the arguments of StartTransientUnit (org.freedesktop.systemd1(5)) that run `command` in
/// a oneshot unit of this name: a user of its own, no network, nothing to write to, little of
/// everything, ended as a whole at its timeout. Returns a negative errno when that fails.
int append_contained_unit(sd_bus_message* message, const std::string& unit,
                          const ContainedCommand& command, int output, Kept kept);

/// How it ended, by the result of its job and what the manager then says of the unit.
CommandResult read_result(const ContainedCommand& command, const std::string& unit,
                          const std::string& job_result, const UnitState& state, int output);

} // namespace provisor
