// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/posix_tz.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// How far local time is ahead of UTC, at any time. A value, read from a file of the time zone
/// database: what libc has for this is one zone for the whole process, set through the environment,
/// and GCC 12's <chrono> has no zones at all.
class TimeZone {
public:
    /// UTC.
    TimeZone() = default;
    /// From the text of a TZif file (RFC 8536); absent when it is none.
    static std::optional<TimeZone> parse(std::string_view tzif);

    std::chrono::seconds offset_at(std::chrono::sys_seconds time) const;
    std::chrono::local_seconds to_local(std::chrono::sys_seconds time) const;
    /// The first moment at which local clocks show this time. A time that they skip stands for the
    /// moment at which they are put forward.
    std::chrono::sys_seconds to_utc(std::chrono::local_seconds time) const;

private:
    struct Change {
        std::chrono::sys_seconds when;
        std::chrono::seconds offset; ///< from then on
    };
    std::chrono::seconds first_{};    ///< before all changes
    std::vector<Change> changes_;     ///< by time
    std::optional<PosixTz> for_ever_; ///< after the last one
};

/// The zone of this name ("Europe/Berlin", "UTC") in the time zone database below `root`, or the
/// running system's when there is none below it; the machine's own (/etc/localtime, UTC without it)
/// for an empty name. Absent when there is no such zone. Throws Error of kind io.
std::optional<TimeZone> read_time_zone(const std::string& name, const std::filesystem::path& root);

} // namespace provisor
