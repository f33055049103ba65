// SPDX-License-Identifier: Apache-2.0
#include "wire/validator_text.hpp"

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
    if (text.size() > max_etag)
        return false;
    if (text.starts_with("W/"))
        text.remove_prefix(2);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"')
        return false;
    text = text.substr(1, text.size() - 2);
    // etagc: visible characters without the quote, and obs-text.
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c > 0x20 && c != '"' && c != 0x7F; });
}

bool is_date_text(std::string_view text) {
    return text.size() <= max_date && is_printable_ascii(text);
}

bool is_dictionary_text(std::string_view text) {
    return text.size() <= max_dictionary_text && is_printable_ascii(text);
}

} // namespace provisor
