// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "model/agent_config.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace provisor {

struct Component;

/// How often in a row a component could not be had from its origin, and when it is asked for again.
struct Backoff {
    unsigned failures = 0;
    WallTime until;                          ///< WallTime::max(): not before something changes
    std::string wanted;                      ///< fingerprint_of the component that failed
    std::optional<WallTime> last_check = {}; ///< with success, before the first failure; if known
    bool operator==(const Backoff&) const = default;
};

/// "3 failures in a row, next try at 2026-01-31T04:00:00Z"
std::string in_words(const Backoff& backoff);

/// Stands for everything in a manifest that decides what is asked for and what is accepted. Another
/// fingerprint ends a wait.
std::string fingerprint_of(const Component& component);

/// Whether the component is to be left alone now. A wait that is longer than `retry.max` (the clock
/// was set back, or the setting changed) is over.
bool is_waiting(const std::optional<Backoff>& backoff, const Component& component,
                const AgentConfig::Retry& retry, WallTime now);

/// After one more failure: exponential with full jitter (from 0 to first × 2^(failures-1), at most
/// max), but not before what the origin asked for (Retry-After), which is capped by max as well.
/// `random` is any number, evenly distributed; `last_check` is when it was last had, for the first
/// failure in a row.
Backoff after_failure(const std::optional<Backoff>& before, const Component& component,
                      const AgentConfig::Retry& retry,
                      std::optional<std::chrono::seconds> retry_after, WallTime now,
                      std::uint64_t random, std::optional<WallTime> last_check = {});

} // namespace provisor
