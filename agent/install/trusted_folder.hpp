// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "install/target.hpp"

namespace provisor {

/// Throws Error of kind io when somebody else than root could lead the path elsewhere: who owns a
/// folder that it passes, or may give other things the names in it. In one with the sticky bit
/// (like /tmp) everybody may, for what is their own. Looks at as much of the path as there is, with
/// the links in it. Rights of groups are left to the administrator: /usr/local belongs to staff on
/// Debian. Says nothing when we are not root, whose files nobody gains by.
void require_trusted_way(const std::string& path, const Paths& paths);

/// Throws Error of kind io when somebody else than root and we could put another file in place of
/// the target, or lead `path` to another folder than that.
void require_trusted_folder(const std::string& path, const Target& target, const Paths& paths);

} // namespace provisor
