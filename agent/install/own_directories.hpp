// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/image_rows_test.cpp
#pragma once

#include "model/paths.hpp"

#include <string>

namespace provisor {

/// A directory of our own records (`path` without the root) below --root, as a path that passes no
/// link, since these would lead to the machine that works on that system; missing directories are
/// made by whoever writes there. Without --root the path itself.
///
/// Throws Error of kind config when there is a link in what is in it (we make none there); of kind
/// io when, as root, somebody else could lead the way elsewhere, as require_trusted_way() does. So
/// no link can come into the way later, but by root, and by who owns the root directory or what
/// that lies in, who is trusted with it.
std::filesystem::path own_directory(const std::string& path, const Paths& paths);

/// Puts `state_dir` and `run_dir` where own_directory() says.
void resolve_own_directories(Paths& paths);

} // namespace provisor
