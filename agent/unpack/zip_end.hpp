// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/damage_test.cpp
#pragma once

#include "unpack/artifact.hpp"

namespace provisor {

/// Throws Error of kind unpack unless the file ends with the end record of a zip and its comment
/// (APPNOTE.TXT, 4.3.16), with nothing behind.
void check_zip_end(const Artifact& artifact);

} // namespace provisor
