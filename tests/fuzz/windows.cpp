// SPDX-License-Identifier: Apache-2.0
// Calendar windows: a moment, a rule of a time zone in a line, and windows in the lines that
// follow.
#include "model/window.hpp"

#include "fuzz/target.hpp"
#include "fuzz/tzif.hpp"

#include <algorithm>

namespace provisor::fuzz {
namespace {

using Seconds = std::chrono::seconds;
constexpr std::size_t most_windows = 3;

std::vector<Window> windows_in(Input& lines) {
    std::vector<Window> windows;
    while (!lines.over() && windows.size() < most_windows) {
        const std::string_view text = lines.line();
        ParsedWindow parsed = parse_window(text);
        const std::string& fault = parsed.fault;
        require(std::none_of(fault.begin(), fault.end(),
                             [](unsigned char c) { return c < 0x20 || c == 0x7F; }),
                "a fault is printable");
        if (fault.empty()) {
            require(parse_window(parsed.window.text).window == parsed.window,
                    "a window is what its text says");
            windows.push_back(std::move(parsed.window));
        }
    }
    return windows;
}

void check_opening(const std::vector<Window>& windows, const TimeZones& zones, WallTime when) {
    const auto opening = next_opening(windows, zones, when);
    require(is_open(windows, zones, when) == (opening && opening->when == when),
            "an open window is open now, and no other");
    if (!opening)
        return;
    require(opening->when >= when, "an opening is not over");
    require(is_open(windows, zones, opening->when), "a window is open when it opens");
    if (opening->when > when) {
        require(!is_open(windows, zones, opening->when - Seconds(1)), "it is the first one");
        require(next_opening(windows, zones, opening->when - Seconds(1))->when == opening->when,
                "it is the same one seen from later");
    }
    require(!describe(*opening, zones).empty(), "an opening can be told");
}

} // namespace

void windows(std::string_view input) {
    Input parts(input);
    // Up to the year 2106, when also the longest search is within what a calendar has.
    const std::uint64_t moment = parts.number() & 0xFFFF'FFFFU;
    const WallTime when{Seconds(moment)};
    const std::string_view rule = parts.line();
    const std::vector<Window> found = windows_in(parts);
    TimeZones zones;
    const auto zone = TimeZone::parse(tzif_of(rule));
    for (const Window& window : found)
        zones[window.zone] = zone.value_or(TimeZone());
    if (!found.empty())
        check_opening(found, zones, when);
}

} // namespace provisor::fuzz
