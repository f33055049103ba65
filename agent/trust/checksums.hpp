// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// The SHA-256 digest (64 lower-case hex digits) that a checksums file gives for `file_name`, which
/// has no folder. Understood are the lines of GNU coreutils ("HEX  NAME", "HEX *NAME", with a
/// leading backslash and escapes) and of BSD ("SHA256 (NAME) = HEX"), CRLF, upper case, comments,
/// the text of a PGP clear-signed file (its signature is not looked at), and a file that is nothing
/// but one digest. A name with folders counts by its last part when no line has the plain name.
///
/// Throws Error of kind digest, told with `shown_source` and line numbers: for what is no such
/// file, has no line or a malformed one for the name, or two that disagree. Never does the first
/// one win.
std::string find_digest(std::string_view sums, std::string_view file_name,
                        std::string_view shown_source);

/// The same for a checksums file that is signed. Its signature holds for each file that it lists,
/// of whatever release, so a line counts only when its name is the last part of `path`, or more of
/// its last parts: "app", "linux/app" or "v2/linux/app" for [v2, linux, app]; "./" before it does
/// not matter. The longest such name counts. A digest without a name says nothing of which file it
/// is.
std::string find_signed_digest(std::string_view sums, const std::vector<std::string>& path,
                               std::string_view shown_source);

} // namespace provisor
