// SPDX-License-Identifier: Apache-2.0
#include "store/retention.hpp"

#include <algorithm>

namespace provisor {
namespace {

/// Distinct artifacts of a component, the most recently used first.
std::vector<std::string> recent_artifacts(const std::string& component,
                                          const ComponentStore& store) {
    std::vector<std::string> recent;
    const auto add = [&](const std::string& sha256) {
        if (std::find(recent.begin(), recent.end(), sha256) == recent.end())
            recent.push_back(sha256);
    };
    if (const auto installed = store.installed(component))
        add(installed->artifact);
    const Record record = store.record(component);
    for (auto entry = record.history.rbegin(); entry != record.history.rend(); ++entry)
        add(entry->sha256);
    return recent;
}

} // namespace

std::set<std::string> kept_blobs(const std::vector<Component>& components, const Cache& cache,
                                 const ComponentStore& store, unsigned keep_versions) {
    constexpr unsigned installed_and_rollback_target = 2;
    const std::size_t count = std::max(keep_versions, installed_and_rollback_target);
    std::set<std::string> kept;
    for (const std::string& name : store.list()) {
        const std::vector<std::string> recent = recent_artifacts(name, store);
        for (std::size_t i = 0; i < std::min(count, recent.size()); ++i)
            kept.insert(recent[i]);
        // What came out of an archive is what repairs and rollbacks are made of.
        const auto keep = [&kept](const Marker& marker) {
            kept.insert(marker.artifact);
            for (const InstalledFile& file : marker.files)
                kept.insert(file.sha256);
        };
        for (const auto& marker : {store.installed(name), store.activated(name)})
            if (marker)
                keep(*marker);
        for (const Generation& generation : store.generations(name))
            keep(generation.marker);
    }
    for (const Component& component : components) {
        if (!component.sha256.empty())
            kept.insert(component.sha256);
        std::vector<std::string> urls = component.mirrors;
        for (const std::string* url : {&component.url, &component.sha256sums, &component.signature})
            urls.push_back(*url);
        for (const std::string& url : urls)
            if (const auto entry = cache.find(url))
                kept.insert(entry->sha256);
    }
    return kept;
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
