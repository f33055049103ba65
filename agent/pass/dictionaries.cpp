// SPDX-License-Identifier: Apache-2.0
#include "pass/dictionaries.hpp"

#include "model/url_pattern.hpp"

namespace provisor {
namespace {

constexpr std::uint64_t max_dictionary = std::uint64_t{128} << 20;

std::optional<Dictionary> offer(const std::string& sha256, std::uint64_t size,
                                const DictionaryUse& use, const std::string& own_url,
                                const std::string& url) {
    if (size == 0 || size > max_dictionary || !matches_pattern(url, use.match, own_url))
        return std::nullopt;
    return Dictionary{sha256, use.id};
}

} // namespace

std::optional<Dictionary> Dictionaries::offer_for(const Work& work, const std::string& url,
                                                  const std::optional<CacheEntry>& known) {
    if (const std::optional<CacheEntry> entry = known ? known : cache_.find(url))
        return entry->use_as_dictionary
                   ? offer(entry->sha256, entry->size, *entry->use_as_dictionary, url, url)
                   : std::nullopt;
    if (!work.observed.installed)
        return std::nullopt;
    if (!all_)
        all_ = cache_.dictionaries();
    for (const Cache::UsableDictionary& one : *all_)
        if (one.sha256 == work.observed.installed->artifact)
            if (auto found = offer(one.sha256, one.size, one.use, one.url, url))
                return found;
    return std::nullopt;
}

} // namespace provisor
