// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace provisor {

/// RFC 4648, 4, with padding.
std::string encode_base64(std::string_view bytes);

/// The reverse, and nothing beside it: no blanks, no missing padding, no bits that stand for
/// nothing, so that one value has one text. Absent for anything else.
std::optional<std::string> decode_base64(std::string_view text);

} // namespace provisor
