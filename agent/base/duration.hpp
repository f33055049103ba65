// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace provisor {

/// A span of time as the configuration has it; parse_time_span() reads one.
using Duration = std::chrono::microseconds;

} // namespace provisor
