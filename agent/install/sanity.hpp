// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace provisor {

enum class Executable { no, yes };

/// Whether something other than the origin says that the content is what was wanted: a digest or a
/// signature that matches, or the archive that it came out of.
enum class Vouched { no, yes };

/// The beginning of an artifact and its size: all that the sanity check looks at.
struct ArtifactHead {
    std::string_view bytes; ///< the first sanity_head_size bytes, or all of a shorter one
    std::uint64_t size = 0;
};
inline constexpr std::size_t sanity_head_size = 4096;

/// Refuses what cannot be what was wanted. Unless somebody vouches for it, that is an empty body,
/// and an HTML page (a captive portal, a proxy's error page). For an executable target it is,
/// whatever its digest, anything but an ELF program of Linux for `machine` (uname -m), all of whose
/// segments and sections are there, or a script with "#!". Throws Error of kind sanity that says
/// what it is and what was wanted. Sources: System V ABI, "ELF Header" and "Program Header"; WHATWG
/// MIME Sniffing, 7.1 for HTML.
void check_sanity(const ArtifactHead& head, Executable executable, std::string_view machine,
                  Vouched vouched);

/// The part of it about what nobody vouches for.
void check_page(const ArtifactHead& head);

} // namespace provisor
