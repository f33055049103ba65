// SPDX-License-Identifier: Apache-2.0
#include "wire/validator_text.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace provisor {
namespace {

constexpr std::size_t max_etag = 1024;
constexpr std::size_t max_date = 128;
constexpr std::size_t max_dictionary_text = 1024;

bool is_printable_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

} // namespace

bool is_entity_tag(std::string_view text) {
    if (text.size() > max_etag || invalid_utf8(text) != std::string_view::npos)
        return false;
    std::string_view inner = text.substr(text.starts_with("W/") ? 2 : 0);
    const bool quoted = inner.size() >= 2 && inner.front() == '"' && inner.back() == '"';
    inner = quoted ? inner.substr(1, inner.size() - 2) : text;
    // etagc: visible characters without the quote, and obs-text. What lacks its quotes could be
    // taken for a list, or for "*".
    return (quoted || (!inner.empty() && inner != "*")) &&
           std::all_of(inner.begin(), inner.end(), [&](unsigned char c) {
               return c > 0x20 && c != '"' && c != 0x7F && (quoted || (c != ',' && c < 0x80));
           });
}

bool is_date_text(std::string_view text) {
    return text.size() <= max_date && is_printable_ascii(text);
}

bool is_dictionary_text(std::string_view text) {
    return text.size() <= max_dictionary_text && is_printable_ascii(text);
}

} // namespace provisor
