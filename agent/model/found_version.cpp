// SPDX-License-Identifier: Apache-2.0
#include "model/found_version.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "model/component.hpp"
#include "model/version_order.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <regex>

namespace provisor {
namespace {

constexpr std::size_t longest_label = 128;
constexpr std::size_t longest_line = 256;
constexpr std::size_t longest_match = 1024;
constexpr std::size_t most_output = 4096;

std::regex compile(const std::string& match) {
    auto flags = std::regex::ECMAScript;
#ifdef __GLIBCXX__
    // Without back-tracking, whose time some expressions make exponential in what is matched.
    flags |= std::regex_constants::__polynomial;
#endif
    return std::regex(match, flags);
}

/// What std::regex must not see: a back-reference, which takes back-tracking, and a number that is
/// too large for it, which is undefined (libstdc++'s _M_cur_int_value adds up without a limit).
std::optional<std::string> find_number_fault(const std::string& match) {
    constexpr std::size_t most_digits = 6;
    std::size_t digits = 0; ///< of the number that ends here, in "{1,2}"
    bool counting = false;
    for (std::size_t i = 0; i < match.size(); ++i) {
        const char c = match[i];
        if (c == '\\') {
            if (++i < match.size() && is_digit(match[i]) && match[i] != '0')
                return "back-references are not supported";
            counting = false;
            continue;
        }
        counting = c == '{' || (counting && (is_digit(c) || c == ','));
        digits = counting && is_digit(c) ? digits + 1 : 0;
        if (digits > most_digits)
            return "a repetition of at most 999999 times is expected";
    }
    return std::nullopt;
}

} // namespace

bool is_version_label(std::string_view text) {
    return !text.empty() && text.size() <= longest_label && printable(text, longest_label) == text;
}

std::optional<std::string> find_match_fault(const std::string& match) {
    // The compiler of expressions is recursive: each "(" takes some of the stack.
    if (match.size() > longest_match)
        return "a regular expression of at most 1024 bytes is expected";
    if (auto fault = find_number_fault(match))
        return fault;
    try {
        if (compile(match).mark_count() == 1)
            return std::nullopt;
        return "a regular expression with exactly one group is expected";
    } catch (const std::regex_error&) {
        return "this is no regular expression (ECMAScript)";
    }
}

std::optional<std::string> find_version(std::string_view output, const std::string& match) {
    const std::regex pattern = compile(match);
    output = output.substr(0, most_output);
    while (!output.empty()) {
        const std::size_t end = std::min(output.find('\n'), output.size());
        const std::string_view line = output.substr(0, std::min(end, longest_line));
        output.remove_prefix(std::min(end + 1, output.size()));
        std::match_results<std::string_view::const_iterator> found;
        if (std::regex_search(line.begin(), line.end(), found, pattern) && found[1].matched) {
            const std::string version = found[1].str();
            return is_version_label(version) ? std::optional(version) : std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<std::string> find_version_fault(const Component& component,
                                              const std::string& found) {
    if (!component.version_from || component.version.empty() || found.empty() ||
        found == component.version || component.version_order == VersionOrder::none)
        return std::nullopt;
    const auto order = compare_versions(found, component.version, component.version_order);
    if (order && *order == std::weak_ordering::equivalent)
        return std::nullopt;
    return fmt::format("it calls itself version {}, and the manifest says version {}", found,
                       component.version);
}

std::string version_key(const Component& component, const std::string& sha256) {
    std::string text = sha256 + '\0' + component.version + '\0';
    if (component.version_from) {
        text += component.version_from->match;
        for (const std::string& word : component.version_from->command)
            text += '\0' + word;
    }
    return sha256_of(text);
}

std::string label_of(const Component* component, const Record& record, const Marker& installed) {
    if (component != nullptr && component->version_from && !component->files.empty())
        if (const InstalledFile* first = installed.find(component->files.front().path))
            if (const auto found = record.found_version(version_key(*component, first->sha256));
                found && !found->empty())
                return *found;
    const HistoryEntry* entry = record.last_with(installed.artifact);
    return entry != nullptr ? entry->version : "";
}

} // namespace provisor
