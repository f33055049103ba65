// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/windows_test.cpp
#pragma once

#include "model/manifest.hpp"
#include "model/paths.hpp"

namespace provisor {

/// Complains of windows in zones that the time zone database of this machine does not have; the
/// manifest then loses its components, as with any other error.
void require_time_zones(ParsedManifest& manifest, const Paths& paths);

/// The zones of these windows. Throws Error of kind config when one is not there (any more).
TimeZones read_time_zones(const std::vector<Window>& windows, const Paths& paths);

} // namespace provisor
