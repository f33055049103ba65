// SPDX-License-Identifier: Apache-2.0
#include "store/retention.hpp"

#include "base/quantity.hpp"
#include "model/component.hpp"
#include "model/generation.hpp"
#include "model/trusted_now.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

namespace provisor {
namespace {

using Earlier = WantedBlobs::Earlier;

/// Distinct artifacts of a component, the most recently used first.
std::vector<Earlier> recent_artifacts(const std::optional<Marker>& installed,
                                      const Record& record) {
    std::vector<Earlier> recent;
    const auto add = [&](const std::string& sha256, WallTime when) {
        const auto is_it = [&](const Earlier& one) { return one.digests.contains(sha256); };
        if (std::none_of(recent.begin(), recent.end(), is_it))
            recent.push_back({when, {sha256}});
    };
    if (installed)
        add(installed->artifact, WallTime::max());
    for (auto entry = record.history.rbegin(); entry != record.history.rend(); ++entry)
        add(entry->sha256, entry->when);
    return recent;
}

/// What came out of an archive is what repairs and rollbacks are made of.
std::set<std::string> digests_of(const Marker& marker) {
    std::set<std::string> digests{marker.artifact};
    for (const InstalledFile& file : marker.files)
        digests.insert(file.sha256);
    return digests;
}

void add_installed(const std::string& name, const ComponentStore& store, unsigned keep_versions,
                   WantedBlobs& wanted) {
    constexpr std::size_t installed_and_before = 2;
    const std::optional<Marker> installed = store.installed(name);
    const Record record = store.record(name);
    for (const auto& marker : {installed, store.activated(name)})
        if (marker)
            wanted.needed.merge(digests_of(*marker));
    const Generations generations = store.generations(name);
    // Without a marker that is what the first installation overwrites, if a crash cut it off.
    if (!installed && !generations.empty())
        wanted.needed.merge(digests_of(generations.back().marker));
    // Which keys are in force is not known here: of what is not trusted any more the next pass may
    // know better.
    const auto trusts = [](const Marker&) { return std::string(); };
    if (const auto target =
            installed ? find_way_back(generations, *installed, record.quarantine, trusts).target
                      : std::nullopt)
        wanted.needed.merge(digests_of(target->marker));
    // The newest first also where the times, of whole seconds, are the same.
    std::for_each(generations.rbegin(), generations.rend(), [&](const Generation& generation) {
        wanted.earlier.push_back({generation.since, digests_of(generation.marker)});
    });
    const std::vector<Earlier> recent = recent_artifacts(installed, record);
    const std::size_t count =
        std::min(std::max<std::size_t>(keep_versions, installed_and_before), recent.size());
    for (std::size_t i = 0; i < count; ++i)
        if (i < installed_and_before)
            wanted.needed.insert(recent[i].digests.begin(), recent[i].digests.end());
        else
            wanted.earlier.push_back(recent[i]);
}

void add_todays(const Component& component, const Cache& cache, std::set<std::string>& needed) {
    if (!component.sha256.empty())
        needed.insert(component.sha256);
    std::vector<std::string> urls = component.mirrors;
    for (const std::string* url : {&component.url, &component.checksums, &component.signature.url})
        urls.push_back(*url);
    for (const std::string& url : urls)
        if (const auto entry = cache.find(url))
            needed.insert(entry->sha256);
}

/// The sum of those of `digests` that `sizes` still has, which it has no more then.
std::uint64_t take(const std::set<std::string>& digests,
                   std::map<std::string, std::uint64_t>& sizes) {
    std::uint64_t sum = 0;
    for (const std::string& digest : digests)
        if (const auto node = sizes.extract(digest))
            sum += node.mapped();
    return sum;
}

/// What is needed, and of the rest what fits under the cap.
std::set<std::string> those_that_fit(WantedBlobs wanted, const Cache& cache, std::uint64_t max_size,
                                     std::string& over) {
    std::stable_sort(
        wanted.earlier.begin(), wanted.earlier.end(),
        [](const Earlier& one, const Earlier& other) { return one.last_used > other.last_used; });
    const auto with_members = [&](std::set<std::string> digests) {
        digests.merge(cache.unpacked().members_of(digests));
        return digests;
    };
    const auto blobs = cache.blobs();
    std::map<std::string, std::uint64_t> sizes(blobs.begin(), blobs.end());
    std::uint64_t size = take(with_members(wanted.needed), sizes);
    if (size > max_size)
        over = fmt::format("the cache has {}, more than cache.max_size ({}): so much is installed, "
                           "can be rolled back to, or is wanted by the manifests",
                           format_byte_size(size), format_byte_size(max_size));
    for (const Earlier& one : wanted.earlier) {
        size += take(with_members(one.digests), sizes);
        if (size > max_size)
            break;
        wanted.needed.insert(one.digests.begin(), one.digests.end());
    }
    return std::move(wanted.needed);
}

std::set<std::string> all_of(WantedBlobs wanted) {
    for (const Earlier& one : wanted.earlier)
        wanted.needed.insert(one.digests.begin(), one.digests.end());
    return std::move(wanted.needed);
}

} // namespace

WantedBlobs wanted_blobs(const std::vector<Component>& components, const Cache& cache,
                         const ComponentStore& store, unsigned keep_versions) {
    WantedBlobs wanted;
    for (const std::string& name : store.list())
        add_installed(name, store, keep_versions, wanted);
    for (const Component& component : components)
        add_todays(component, cache, wanted.needed);
    return wanted;
}

PrunedCache prune_cache(const std::vector<Component>& components, Cache& cache,
                        const ComponentStore& store, const AgentConfig::CacheLimits& limits) {
    PrunedCache pruned;
    WantedBlobs wanted = wanted_blobs(components, cache, store, limits.keep_versions);
    std::set<std::string> kept =
        limits.max_size == 0
            ? all_of(std::move(wanted))
            : those_that_fit(std::move(wanted), cache, limits.max_size, pruned.over);
    pruned.dropped =
        cache.prune(std::move(kept), wanted_urls(components, cache), Cache::Mode::remove);
    return pruned;
}

std::set<std::string> wanted_urls(const std::vector<Component>& components, const Cache& cache) {
    std::set<std::string> wanted;
    for (const Component& component : components) {
        if (!component.sha256.empty() && cache.open_blob(component.sha256))
            continue;
        wanted.insert(component.url);
        wanted.insert(component.mirrors.begin(), component.mirrors.end());
    }
    return wanted;
}

} // namespace provisor
