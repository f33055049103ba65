// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace provisor {

// A digit of a mode that a bad disk or a hand changed is still JSON, and still a mode: without a
// checksum the next pass would set it. It is the last member of the object, and is made of the text
// as it was without it.

/// `json` with a last member "checksum". It is an object, one member a line, as dump() writes it
/// with an indentation.
std::string with_checksum(std::string_view json);

/// The "checksum" that is the last member, 64 hex digits if nobody changed it; empty when there is
/// none. Two texts with the same one were written alike.
std::string_view checksum_of(std::string_view json);

/// Whether the text has a "checksum", and it is that of another text. Without one nothing is known:
/// earlier versions wrote none.
bool has_wrong_checksum(std::string_view json);

} // namespace provisor
