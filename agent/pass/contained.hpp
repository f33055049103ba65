// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/contained.hpp"
#include "model/plan.hpp"
#include "pass/pass.hpp"

#include <span>
#include <string>
#include <vector>

namespace provisor {

/// Runs a command of a manifest where it can do no harm: in a unit of the service manager's, or as
/// a process of our own where units are left alone or nobody is there who manages them. That it
/// could not be run is in the result. Throws Interrupted.
CommandResult run_contained(const ContainedCommand& command, const Surroundings& around,
                            Units units);
/// Several of them side by side; results in the order of the commands.
std::vector<CommandResult> run_contained(std::span<const ContainedCommand> commands,
                                         const Surroundings& around, Units units);

/// Stands for where a file is, or is to be, in the commands of a manifest.
inline constexpr const char* path_word = "{path}";

/// The words as somebody would type them, safe for people, cut to 200 bytes.
std::string shown_words(const std::vector<std::string>& words);

} // namespace provisor
