// SPDX-License-Identifier: Apache-2.0
#include "model/nearest.hpp"

#include <algorithm>

namespace provisor {
namespace {

/// Optimal string alignment distance (Damerau-Levenshtein without edits of an edited pair).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> table(a.size() + 1,
                                                std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                table[i][j] = i + j;
                continue;
            }
            const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
            table[i][j] =
                std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + wrong});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
        }
    return table[a.size()][b.size()];
}

} // namespace

std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& known) {
    constexpr std::size_t most = 2;
    constexpr std::size_t longest_key = 64;
    if (word.size() > longest_key)
        return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t best_distance = most + 1;
    for (const std::string_view candidate : known) {
        const std::size_t slips = distance(word, candidate);
        if (slips < best_distance && slips * 2 < std::max<std::size_t>(candidate.size(), 3)) {
            best = candidate;
            best_distance = slips;
        }
    }
    return best;
}

} // namespace provisor
