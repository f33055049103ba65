// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/service/schedule_test.cpp
#pragma once

#include "base/duration.hpp"
#include "pass/settings.hpp"

namespace provisor {

/// The longest time that a pass with these settings may show no progress at all and still be well:
/// twice all time limits that it keeps by itself, end to end, and room for the work between them.
/// Duration::max() when one of those limits is "infinity".
Duration longest_silence(const Settings& settings);

} // namespace provisor
