// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace provisor {

/// ASCII alone, whatever the locale.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// With ASCII letters in lower case, whatever the locale.
std::string lower_case(std::string_view text);

/// `text` made safe for a terminal and for the journal: control characters (C0, DEL, C1),
/// bidirectional overrides and bytes that are not UTF-8 become `\xNN`; cut after `limit` bytes with
/// "…".
std::string printable(std::string_view text, std::size_t limit = 4096);

/// Byte offset of the first byte that is not part of valid UTF-8 (RFC 3629), npos when all is
/// valid.
std::size_t invalid_utf8(std::string_view text);

/// A line of a text, counted from 1, without what ends it ("\n" or "\r\n"); empty when there are
/// not as many.
std::string_view line_of(std::string_view text, int line);

} // namespace provisor
