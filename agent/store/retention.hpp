// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/component.hpp"
#include "store/cache.hpp"
#include "store/component_store.hpp"

#include <set>
#include <string>
#include <vector>

namespace provisor {

/// Digests of the blobs that must stay: for each component that was ever installed here the
/// artifact that is installed, the one before it (the rollback target), and then the most recently
/// used ones up to `keep_versions`; and what the URLs of today's manifests stand for.
std::set<std::string> kept_blobs(const std::vector<Component>& components, const Cache& cache,
                                 const ComponentStore& store, unsigned keep_versions);

/// The URLs that a pass may ask for a body of an artifact: all of these components but of those
/// whose pinned content is in the cache.
std::set<std::string> wanted_urls(const std::vector<Component>& components, const Cache& cache);

} // namespace provisor
