// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/base/time_zone_test.cpp
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace provisor {

/// The rule by which a time zone goes on for ever: the last line of a TZif file (RFC 8536, 3.3.1),
/// in the form of the variable TZ of POSIX ("CET-1CEST,M3.5.0,M10.5.0/3").
struct PosixTz {
    /// A moment of each year, in local time.
    struct Switch {
        enum class Kind { weekday_of_month, day_without_leap, day_from_zero };
        Kind kind = Kind::weekday_of_month;
        int month = 1;
        int week = 1; ///< 5: the last one
        int day = 0;  ///< of the week (0 = Sunday), or of the year
        std::chrono::seconds time = std::chrono::hours(2);

        std::chrono::local_seconds in(std::chrono::year year) const;
    };
    std::chrono::seconds standard{}; ///< how far local time is ahead of UTC
    std::chrono::seconds summer{};
    bool has_summer = false;
    Switch begin; ///< of summer time
    Switch end;

    std::chrono::seconds offset_at(std::chrono::sys_seconds time) const;
};

/// Absent for what is no such rule.
std::optional<PosixTz> parse_posix_tz(std::string_view text);

} // namespace provisor
