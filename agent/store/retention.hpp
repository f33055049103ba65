// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "store/cache.hpp"
#include "store/component_store.hpp"

#include <set>
#include <string>
#include <vector>

namespace provisor {

struct Component;

/// Which blobs are wanted, by their digests.
struct WantedBlobs {
    /// What no cap drops: of each component that was ever installed here what is installed, what
    /// its units run, and what it can be rolled back to; and what the URLs and pins of today's
    /// manifests stand for, which would be fetched again by the next pass.
    std::set<std::string> needed;
    /// What was installed before that, up to `keep_versions` artifacts of a component and the
    /// installations that were found healthy.
    struct Earlier {
        WallTime last_used{};
        std::set<std::string> digests;
    };
    std::vector<Earlier> earlier;
};
WantedBlobs wanted_blobs(const std::vector<Component>& components, const Cache& cache,
                         const ComponentStore& store, unsigned keep_versions);

/// Drops from the cache what is not wanted, and then the earlier contents that were used the
/// longest ago, until what is left has `limits.max_size` bytes. What is needed stays: when that has
/// more, `over` says so.
struct PrunedCache {
    Cache::Pruned dropped;
    std::string over; ///< for people; empty when the cache is within its cap
};
PrunedCache prune_cache(const std::vector<Component>& components, Cache& cache,
                        const ComponentStore& store, const AgentConfig::CacheLimits& limits);

/// The URLs that a pass may ask for a body of an artifact: all of these components but of those
/// whose pinned content is in the cache.
std::set<std::string> wanted_urls(const std::vector<Component>& components, const Cache& cache);

} // namespace provisor
