// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/points.hpp"

#include <algorithm>
#include <cmath>

namespace provisor::test {

const std::vector<Blow>& blows() {
    static const std::vector<Blow> all = [] {
        std::vector<Blow> blows;
        for (const char* text :
             {"kill",      "kill-after", "killone", "killone-after", "term",   "term-after",
              "short",     "short+",     "ENOSPC",  "ENOSPC+",       "EIO",    "EIO+",
              "EIO-after", "EDQUOT",     "EDQUOT+", "EROFS",         "EROFS+", "EMFILE",
              "EMFILE+",   "ENOMEM",     "ENOMEM+", "EINTR"})
            blows.push_back(parse_blow(text).value());
        return blows;
    }();
    return all;
}

std::string point_name(const std::string& workload, const Blow& blow, std::uint64_t at) {
    return workload + "/" + to_text(blow) + "/" + std::to_string(at);
}

std::vector<std::uint64_t> sample(const std::vector<std::uint64_t>& places, std::size_t count,
                                  std::size_t turn) {
    // Steps of the golden ratio come nowhere near one another, however many are made.
    const double start = std::fmod(static_cast<double>(turn) * 0.61803398875, 1.0);
    std::vector<std::uint64_t> some;
    const std::size_t all = std::min(count, places.size());
    for (std::size_t i = 0; i < all; ++i) {
        const double share = (static_cast<double>(i) + start) / static_cast<double>(all);
        some.push_back(
            places.at(static_cast<std::size_t>(share * static_cast<double>(places.size()))));
    }
    return some;
}

} // namespace provisor::test
