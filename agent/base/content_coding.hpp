// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/wire/messages_test.cpp, tests/unit/wire/unpack_messages_test.cpp
#pragma once

#include <optional>
#include <string_view>

namespace provisor {

/// How a body is encoded on its way (RFC 9110, 8.4.1): as it is, `zstd` (RFC 8878, with the window
/// limit of RFC 9659), or `dcz`, zstd with another content as its dictionary (RFC 9842, 5).
enum class ContentCoding { identity, zstd, dcz };

/// The name of HTTP, which is in lower case; "identity" too.
std::string_view to_string(ContentCoding coding);
/// The reverse, of a name in lower case; absent for one that is not among them.
std::optional<ContentCoding> parse_content_coding(std::string_view name);

} // namespace provisor
