// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/confinement/confinement_test.cpp
#pragma once

#include <span>

namespace provisor {

/// From here on this process and all that come of it (Landlock, landlock(7)) open no file but for
/// reading, at or below one of `readable` (what is absent is passed over), make, change and run
/// none, and accept no TCP connections; where the kernel knows how, they also send no signal out
/// and find no abstract socket. Needs "no new privileges". A kernel without Landlock, or a sandbox
/// that refuses it, leaves everything as it is. Throws Error of kind io.
void allow_only_reading(std::span<const char* const> readable);

} // namespace provisor
