// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace provisor {

/// Whether `url` matches `pattern`, the `match` of the Use-As-Dictionary header that came with
/// `base` (RFC 9842, 2.1): it must have base's origin, and the path that the pattern says, which is
/// relative to base. Of URL patterns only "*" (any characters) and "\" (the next character as it
/// is) are understood; a pattern that says more matches nothing. Queries and fragments are not
/// looked at.
bool matches_pattern(std::string_view url, std::string_view pattern, std::string_view base);

} // namespace provisor
