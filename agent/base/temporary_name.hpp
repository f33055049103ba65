// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace provisor {

/// A name for a temporary file that nobody can guess: ".provisor-" and 16 random hex digits.
std::string temporary_name();

/// Whether this is such a name. A file of another name that begins so is somebody else's.
bool is_temporary_name(std::string_view name);

} // namespace provisor
