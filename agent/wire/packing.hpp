// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace provisor {

/// What a file is packed with, by its first bytes alone.
enum class Packing { none, gzip, zstd, xz, bzip2, tar, zip };

/// How many bytes it takes to tell.
inline constexpr std::size_t packing_head_size = 512;

/// What a file that begins with `head` (all of it, if it is shorter than packing_head_size) is:
/// RFC 1952, RFC 8878 with its skippable frames, the .xz and .bz2 formats, POSIX pax and older tar
/// headers, and a zip that begins with an entry or has none. Anything else is `none`.
Packing packing_of(std::string_view head);

/// "gzip", "tar"; "neither compressed nor an archive" for none.
std::string_view to_string(Packing packing);

} // namespace provisor
