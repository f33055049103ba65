// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "base/time_zone.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// A time at which activation may happen: each day that fits the calendar expression, from one time
/// of day to another, in the form of systemd.time(7): "Mon..Fri *-*-* 02:00-04:00 Europe/Berlin".
struct Window {
    /// Every `step`th number from `first` to `last`.
    struct Numbers {
        int first = 0;
        int last = 0;
        int step = 1;
        bool operator==(const Numbers&) const = default;
    };
    std::string text;          ///< as written
    unsigned weekdays = 0x7f;  ///< bit 0 is Monday
    std::vector<Numbers> year; ///< one of these, as month and day; empty: any
    std::vector<Numbers> month;
    std::vector<Numbers> day;
    std::chrono::seconds begin{}; ///< of the day
    std::chrono::seconds end{}; ///< of the same day, or of the next one if it is not after `begin`
    std::string zone;           ///< "UTC" or a name of the time zone database; empty: local time
    int line = 0;               ///< where it stands in its manifest
    int column = 0;
    bool operator==(const Window&) const = default;
};

/// A window, or what is wrong with the text.
struct ParsedWindow {
    Window window;
    std::string fault; ///< empty: none
};
ParsedWindow parse_window(std::string_view text);

/// The zones that windows name, by that name.
using TimeZones = std::map<std::string, TimeZone>;

/// Whether one of the windows is open. A window belongs to the day on which it begins, also when it
/// goes on past midnight. `zones` has the zone of each.
bool is_open(const std::vector<Window>& windows, const TimeZones& zones, WallTime when);

struct Opening {
    WallTime when;
    const Window* window = nullptr;
};
/// The first time, from `when` on, at which a window opens; `when` itself while one is open. Absent
/// when none does within some forty years (a year that is over; and a leap day may have to wait for
/// its weekday for as long as that).
std::optional<Opening> next_opening(const std::vector<Window>& windows, const TimeZones& zones,
                                    WallTime when);

/// "Tue 2026-12-01 02:00", with the name of the window's zone if it has one.
std::string describe(const Opening& opening, const TimeZones& zones);

} // namespace provisor
