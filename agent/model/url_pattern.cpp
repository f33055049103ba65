// SPDX-License-Identifier: Apache-2.0
#include "model/url_pattern.hpp"

#include "model/url.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace provisor {
namespace {

constexpr std::string_view not_understood = ":(){}?+#";

std::string_view path_of(std::string_view url) {
    url.remove_prefix(std::min(url.find("://") + 3, url.size()));
    url = url.substr(0, url.find_first_of("?#"));
    const std::size_t slash = url.find('/');
    return slash == std::string_view::npos ? "/" : url.substr(slash);
}

/// The pattern of a path that begins with a slash; absent when it is for another origin.
std::optional<std::string> absolute(std::string_view pattern, std::string_view base) {
    if (pattern.starts_with("http://") || pattern.starts_with("https://"))
        return same_origin(pattern, base) ? std::optional(std::string(path_of(pattern)))
                                          : std::nullopt;
    if (pattern.starts_with('/'))
        return std::string(pattern);
    const std::string_view path = path_of(base);
    return std::string(path.substr(0, path.rfind('/') + 1)) + std::string(pattern);
}

/// What stands between the wildcards; absent when there is more to it than that.
std::optional<std::vector<std::string>> pieces_of(std::string_view pattern) {
    std::vector<std::string> pieces(1);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '*') {
            pieces.emplace_back();
            continue;
        }
        const bool escaped = pattern[i] == '\\' && ++i < pattern.size();
        if (i == pattern.size() ||
            (!escaped && not_understood.find(pattern[i]) != std::string_view::npos))
            return std::nullopt;
        pieces.back() += pattern[i];
    }
    return pieces;
}

bool matches(std::string_view path, const std::vector<std::string>& pieces) {
    if (pieces.size() == 1)
        return path == pieces.front();
    if (!path.starts_with(pieces.front()))
        return false;
    path.remove_prefix(pieces.front().size());
    // Each at the first place that it fits in: none further on could leave more to the others.
    for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
        const std::size_t found = path.find(pieces[i]);
        if (found == std::string_view::npos)
            return false;
        path.remove_prefix(found + pieces[i].size());
    }
    return path.ends_with(pieces.back());
}

} // namespace

bool matches_pattern(std::string_view url, std::string_view pattern, std::string_view base) {
    if (!same_origin(url, base))
        return false;
    const std::optional<std::string> path = absolute(pattern, base);
    const auto pieces = path ? pieces_of(*path) : std::nullopt;
    return pieces && matches(path_of(url), *pieces);
}

} // namespace provisor
