// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace provisor {

/// What a Use-As-Dictionary header says (RFC 9842, 2.1).
struct UseAsDictionary {
    std::string match; ///< for which URLs: a URL pattern, which may be relative
    std::string id;    ///< to be sent back as Dictionary-ID; may be empty
};

/// Reads the header's value, a structured field of type dictionary (RFC 9651, 3.2). Absent for one
/// that is malformed, has no `match`, is of a `type` other than raw, or too long: it is then of no
/// use, and no more. `match-dest` is about the parts of web pages and is ignored, as the RFC
/// says for clients like this one.
std::optional<UseAsDictionary> parse_use_as_dictionary(std::string_view value);

/// A structured field's string (RFC 9651, 3.3.3) with its quotes.
std::string structured_string(std::string_view text);

} // namespace provisor
