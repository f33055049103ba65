// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/encoding_test.cpp
#pragma once

#include "pass/work.hpp"
#include "store/cache.hpp"

#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// Which content of the cache is offered to an origin to encode the next one against (RFC 9842).
class Dictionaries {
public:
    explicit Dictionaries(const Cache& cache) : cache_(cache) {}

    /// What came from `url` last; for a URL from which nothing came yet (there is a version in most
    /// of them) what is installed. Only what its origin wants to be used for that URL, and no more
    /// than 128 MiB of it, since no window reaches further (RFC 9842, 5).
    /// `known`: the cache's record of the URL, if that has been read already.
    std::optional<Dictionary> offer_for(const Work& work, const std::string& url,
                                        const std::optional<CacheEntry>& known);

private:
    const Cache& cache_;
    /// Read at most once in a pass, and not at all when every URL is known.
    std::optional<std::vector<Cache::UsableDictionary>> all_;
};

} // namespace provisor
