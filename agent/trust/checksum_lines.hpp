// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/trust/checksums_test.cpp
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

enum class ChecksumKind {
    sha256,
    sha512,
    other,    ///< of an algorithm that proves nothing, or that is not read
    broken,   ///< hex digits, and not as many as any algorithm has
    ambiguous ///< one of several columns of the same length
};

/// What a line of a checksums file says of a file.
struct ChecksumLine {
    std::size_t number = 0; ///< from 1
    ChecksumKind kind = ChecksumKind::broken;
    std::string digest; ///< in lower case
    std::string name;   ///< as it is written there; may be empty
};

/// The lines of a checksums file, in the forms of docs/vendors.md; a line with several columns is
/// as many. What is none (comments, headings, PGP armour) is left out: what matters is what the
/// file says of the wanted name.
std::vector<ChecksumLine> parse_checksum_lines(std::string_view text);

} // namespace provisor
