// SPDX-License-Identifier: Apache-2.0
#include "pass/windows.hpp"

#include "pass/planning.hpp"
#include "pass/time_zones.hpp"

namespace provisor {

void keep_to_windows(std::vector<Work>& works, WallTime now, Units units, const Paths& paths,
                     const Interrupt& interrupt) {
    for (Work& work : works) {
        const std::vector<Window>& windows = work.component->windows;
        if (windows.empty() || !(work.removed || (!work.done && is_change(work))))
            continue;
        work.done = false;
        attempt(work, [&] {
            const TimeZones zones = read_time_zones(windows, paths);
            const auto opening = next_opening(windows, zones, now);
            work.done = work.removed;
            if (opening && opening->when <= now)
                return;
            keep_back(work,
                      opening ? "window: opens " + describe(*opening, zones)
                              : "window: none of its windows opens again",
                      units, paths, interrupt);
            if (opening)
                work.outcome.next_try = opening->when;
        });
        work.removed = work.removed && !work.outcome.error;
    }
}

} // namespace provisor
