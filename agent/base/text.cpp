// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>

namespace provisor {
namespace {

/// Length of the valid UTF-8 sequence at the front (RFC 3629: no overlong forms, no surrogates, at
/// most U+10FFFF) and its code point; length 0 when there is none.
struct Sequence {
    std::size_t length = 0;
    std::uint32_t point = 0;
};

Sequence sequence_at(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80)
        return {1, first};
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length)
        return {};
    std::uint32_t point = first & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80)
            return {};
        point = point << 6 | (byte(i) & 0x3F);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (overlong || surrogate || point > 0x10FFFF)
        return {};
    return {length, point};
}

/// Characters that move the cursor, change colours or turn the writing direction.
bool dangerous(std::uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x200E || point == 0x200F ||
           point == 0x061C || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069);
}

} // namespace

std::size_t invalid_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const Sequence sequence = sequence_at(text.substr(at));
        if (sequence.length == 0)
            return at;
        at += sequence.length;
    }
    return std::string_view::npos;
}

std::string_view line_of(std::string_view text, int line) {
    for (int i = 1; i < line; ++i) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos)
            return "";
        text.remove_prefix(end + 1);
    }
    text = text.substr(0, text.find('\n'));
    while (text.ends_with('\r'))
        text.remove_suffix(1);
    return text;
}

std::string lower_case(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return copy;
}

std::string printable(std::string_view text, std::size_t limit) {
    std::string safe;
    for (std::size_t at = 0; at < text.size();) {
        if (safe.size() >= limit)
            return safe + "…";
        const Sequence sequence = sequence_at(text.substr(at));
        const std::size_t length = sequence.length == 0 ? 1 : sequence.length;
        if (sequence.length == 0 || dangerous(sequence.point))
            for (std::size_t i = 0; i < length; ++i)
                safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at + i]));
        else
            safe += text.substr(at, length);
        at += length;
    }
    return safe;
}

} // namespace provisor
