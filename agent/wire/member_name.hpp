// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace provisor {

/// A longer name of an archive's member matches nothing (PATH_MAX; matching takes time).
inline constexpr std::size_t max_member_name = 4096;

/// The name of an archive's member as it is matched and shown: without leading "./" and without
/// the slashes at the end of a directory's name. Everything else stays.
std::string_view normalized_member(std::string_view name);

/// Whether a glob names the member: `*`, `?` and `[...]` as in a shell, none of which stands for a
/// "/" (fnmatch(3) with FNM_PATHNAME), byte by byte whatever the locale is. A leading "./" of
/// either side does not count.
bool member_matches(const std::string& pattern, std::string_view name);

/// Whether the name is one of a member of a folder that an archive is unpacked in: relative,
/// without "..", valid UTF-8, not longer than max_member_name, not empty. Returns what it is
/// instead ("an absolute name"), or nullptr.
const char* member_name_problem(std::string_view name);

} // namespace provisor
