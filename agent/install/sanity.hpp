// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace provisor {

enum class Executable { no, yes };

/// The beginning of an artifact and its size: all that the sanity check looks at.
struct ArtifactHead {
    std::string_view bytes; ///< the first sanity_head_size bytes, or all of a shorter one
    std::uint64_t size = 0;
};
inline constexpr std::size_t sanity_head_size = 4096;

/// Refuses what cannot be the program that was wanted, whatever its digest: an empty body; an HTML
/// page where no HTML can be (a captive portal, a proxy's error page); and for an executable target
/// anything but an ELF program for `machine` (uname -m) or a script with "#!". Throws Error of kind
/// sanity that says what it is and what was wanted. Sources: System V ABI, "ELF Header"; WHATWG
/// MIME Sniffing, 7.1 for HTML.
void check_sanity(const ArtifactHead& head, Executable executable, std::string_view machine);

} // namespace provisor
