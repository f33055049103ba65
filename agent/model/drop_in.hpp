// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace provisor {

/// The command that lets the sandbox of `unit` (a service of the agent) write `folder`: it makes
/// the folder, which has to be there when the unit starts, writes a drop-in with ReadWritePaths=,
/// and puts it in force. To be pasted into a shell as it is.
std::string write_path_command(const std::string& unit, const std::string& folder);

/// The command that lets it give files to other owners than root: the same with the capabilities
/// for that.
std::string owner_command(const std::string& unit);

/// The command that lets it give files capabilities.
std::string capabilities_command(const std::string& unit);

/// The command that lets it see and set the users and groups of an access control list.
std::string accounts_command(const std::string& unit);

} // namespace provisor
