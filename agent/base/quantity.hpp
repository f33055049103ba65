// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/duration.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace provisor {

/// A systemd time span (systemd.time(7)): "5min", "1h 30s", "1.5h", a bare number is seconds.
/// Absent when it is not one or does not fit. "infinity" is Duration::max().
std::optional<Duration> parse_time_span(std::string_view text);

/// The span in systemd's words, at most two units: "1h 30min", "250ms", "0".
std::string format_time_span(Duration span);

/// Bytes with an optional IEC suffix (K, M, G, T, also KiB and KB as 1024): "4G", "64K", "1.5M".
/// Absent when it is not one, is negative, or does not fit.
std::optional<std::uint64_t> parse_byte_size(std::string_view text);

/// "0 B", "37.0 MiB", "1.2 GiB": for people.
std::string format_byte_size(std::uint64_t bytes);

} // namespace provisor
