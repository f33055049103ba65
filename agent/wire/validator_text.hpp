// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace provisor {

/// Whether this is an entity-tag (RFC 9110, 8.8.3) of at most 1 KiB, which may be stored and sent
/// back: an optional W/ and a quoted string of visible characters in UTF-8. Some origins leave out
/// the quotes: visible ASCII is taken as it came then, unless it has a comma or is "*".
bool is_entity_tag(std::string_view text);

/// Whether this may be stored and sent back as a date or shown: at most 128 printable ASCII
/// characters. Dates are compared and repeated, never computed with, so that more is not asked of
/// them.
bool is_date_text(std::string_view text);

/// Whether this may be stored and sent back as part of what a Use-As-Dictionary header said: at
/// most 1024 printable ASCII characters (RFC 9842, 2.1).
bool is_dictionary_text(std::string_view text);

} // namespace provisor
