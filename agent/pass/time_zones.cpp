// SPDX-License-Identifier: Apache-2.0
#include "pass/time_zones.hpp"

#include "base/error.hpp"

#include <fmt/format.h>
#include <set>

namespace provisor {
namespace {

std::string no_such_zone(const std::string& name) {
    return fmt::format("there is no time zone '{}' in /usr/share/zoneinfo (package tzdata)", name);
}

} // namespace

void require_time_zones(ParsedManifest& manifest, const Paths& paths) {
    std::set<std::string> good;
    for (const Component& component : manifest.components)
        for (const Window& window : component.windows) {
            if (window.zone.empty() || good.contains(window.zone))
                continue;
            if (read_time_zone(window.zone, paths.root))
                good.insert(window.zone);
            else
                manifest.errors.push_back({{component.place.file, window.line, window.column},
                                           "windows: " + no_such_zone(window.zone),
                                           window.text});
        }
    if (!manifest.errors.empty())
        manifest.components.clear();
}

TimeZones read_time_zones(const std::vector<Window>& windows, const Paths& paths) {
    TimeZones zones;
    for (const Window& window : windows) {
        if (zones.contains(window.zone))
            continue;
        std::optional<TimeZone> zone = read_time_zone(window.zone, paths.root);
        if (!zone)
            throw Error(ErrorKind::config, "windows: " + no_such_zone(window.zone));
        zones.emplace(window.zone, std::move(*zone));
    }
    return zones;
}

} // namespace provisor
