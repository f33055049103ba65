// SPDX-License-Identifier: Apache-2.0
#include "model/window.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace provisor {
namespace {

namespace chr = std::chrono;
constexpr std::array weekday_names{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
/// A window reaches into the next day, and zones are up to a day apart.
constexpr chr::days look_back{2};
/// Where clocks go forth and back again within two days to_utc() may be off by as much as they went
/// (no zone does that, but a rule may say so), and the day that a moment belongs to be the next.
constexpr chr::days look_ahead{1};
constexpr int search_days = 41 * 366;

bool fits(const std::vector<Window::Numbers>& list, int number) {
    return list.empty() ||
           std::any_of(list.begin(), list.end(), [number](const Window::Numbers& one) {
               return one.first <= number && number <= one.last &&
                      (number - one.first) % one.step == 0;
           });
}

unsigned index_of(chr::weekday weekday) { return weekday.iso_encoding() - 1; }

bool fits(const Window& window, chr::local_days day) {
    const chr::year_month_day date(day);
    return (window.weekdays >> index_of(chr::weekday(day)) & 1U) != 0 &&
           fits(window.year, static_cast<int>(date.year())) &&
           fits(window.month, static_cast<int>(static_cast<unsigned>(date.month()))) &&
           fits(window.day, static_cast<int>(static_cast<unsigned>(date.day())));
}

/// When the window of this day is open; empty on a day when the clocks skip all of it.
struct Span {
    chr::sys_seconds from;
    chr::sys_seconds until;
};
Span span_of(const Window& window, chr::local_days day, const TimeZone& zone) {
    const chr::local_days last = window.end > window.begin ? day : day + chr::days(1);
    return {zone.to_utc(day + window.begin), zone.to_utc(last + window.end)};
}

chr::local_days first_day(const TimeZone& zone, chr::sys_seconds when) {
    return chr::floor<chr::days>(zone.to_local(when)) - look_back;
}

bool is_open(const Window& window, const TimeZone& zone, chr::sys_seconds when) {
    const chr::local_days first = first_day(zone, when);
    const chr::local_days last = first + look_back + look_ahead;
    for (chr::local_days day = first; day <= last; day += chr::days(1))
        if (fits(window, day))
            if (const Span span = span_of(window, day, zone);
                span.from <= when && when < span.until)
                return true;
    return false;
}

/// The first opening after `when`.
std::optional<chr::sys_seconds> next_beginning(const Window& window, const TimeZone& zone,
                                               chr::sys_seconds when) {
    const chr::local_days first = first_day(zone, when);
    for (int i = 0; i < search_days; ++i) {
        const chr::local_days day = first + chr::days(i);
        if (!fits(window, day))
            continue;
        if (const Span span = span_of(window, day, zone);
            span.from > when && span.from < span.until)
            return span.from;
    }
    return std::nullopt;
}

} // namespace

bool is_open(const std::vector<Window>& windows, const TimeZones& zones, WallTime when) {
    const auto second = chr::floor<chr::seconds>(when);
    return std::any_of(windows.begin(), windows.end(), [&](const Window& window) {
        return is_open(window, zones.at(window.zone), second);
    });
}

std::optional<Opening> next_opening(const std::vector<Window>& windows, const TimeZones& zones,
                                    WallTime when) {
    const auto second = chr::floor<chr::seconds>(when);
    std::optional<Opening> first;
    for (const Window& window : windows) {
        const TimeZone& zone = zones.at(window.zone);
        if (is_open(window, zone, second))
            return Opening{when, &window};
        if (const auto begin = next_beginning(window, zone, second);
            begin && (!first || *begin < first->when))
            first = {*begin, &window};
    }
    return first;
}

std::string describe(const Opening& opening, const TimeZones& zones) {
    const std::string& name = opening.window->zone;
    const chr::local_seconds local =
        zones.at(name).to_local(chr::floor<chr::seconds>(opening.when));
    const auto day = chr::floor<chr::days>(local);
    const chr::year_month_day date(day);
    const chr::hh_mm_ss time(local - day);
    std::string text = fmt::format(
        "{} {:04}-{:02}-{:02} {:02}:{:02}", weekday_names.at(index_of(chr::weekday(day))),
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count());
    if (time.seconds().count() != 0)
        text += fmt::format(":{:02}", time.seconds().count());
    return name.empty() ? text : text + " " + name;
}

} // namespace provisor
