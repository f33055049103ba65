// SPDX-License-Identifier: Apache-2.0
#include "model/found_version.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"

#include <algorithm>
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
    // Without back-tracking, whose time some expressions make exponential in what is matched. An
    // expression with back-references is refused then.
    flags |= std::regex_constants::__polynomial;
#endif
    return std::regex(match, flags);
}

} // namespace

bool is_version_label(std::string_view text) {
    return !text.empty() && text.size() <= longest_label && printable(text, longest_label) == text;
}

std::optional<std::string> find_match_fault(const std::string& match) {
    // The compiler of expressions is recursive: each "(" takes some of the stack.
    if (match.size() > longest_match)
        return "a regular expression of at most 1024 bytes is expected";
    try {
        if (compile(match).mark_count() == 1)
            return std::nullopt;
        return "a regular expression with exactly one group is expected";
    } catch (const std::regex_error& error) {
        return error.code() == std::regex_constants::error_complexity
                   ? "back-references are not supported"
                   : "this is no regular expression (ECMAScript)";
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
