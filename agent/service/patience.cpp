// SPDX-License-Identifier: Apache-2.0
#include "service/patience.hpp"

#include <algorithm>

namespace provisor {
namespace {

/// What a pass grants a unit job.
constexpr Duration job_limit = std::chrono::minutes(10);
/// For what has no time limit and shows no progress: hashing and syncing one large file on a slow
/// disk, a daemon-reload, thousands of small files.
constexpr Duration slow_work = std::chrono::minutes(15);

} // namespace

Duration longest_silence(const Settings& settings) {
    Duration settle{};
    Duration health{};
    for (const Component& component : settings.components) {
        settle = std::max(settle, component.health.settle);
        health = std::max(health, component.health.timeout);
    }
    const Duration limits[] = {settings.config.timeouts.connect, settings.config.timeouts.stall,
                               job_limit, settle, health};
    Duration sum{};
    for (const Duration limit : limits) {
        if (limit > (Duration::max() - slow_work) / 2 - sum)
            return Duration::max();
        sum += limit;
    }
    return 2 * sum + slow_work;
}

} // namespace provisor
