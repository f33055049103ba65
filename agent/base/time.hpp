// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace provisor {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// The machine's clock.
WallTime wall_clock();

/// RFC 3339 in UTC with seconds: "2026-01-31T12:00:00Z".
std::string format_rfc3339(WallTime time);

/// The time written by format_rfc3339; absent for anything else.
std::optional<WallTime> parse_rfc3339(std::string_view text);

} // namespace provisor
