// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// What a checksums file says of one file, in lower case. At least one is there; when both are,
/// both must hold.
struct FileDigests {
    std::string sha256; ///< 64 hex digits
    std::string sha512; ///< 128 hex digits

    bool operator==(const FileDigests&) const = default;
};

/// Which file of a list is meant.
struct ListedFile {
    std::vector<std::string> path; ///< the parts of the path of its URL
    std::string name;              ///< as the manifest says that the list calls it; may be empty
};

/// The digests that a checksums file gives for a file. docs/vendors.md has the forms that are read:
/// those of GNU coreutils ("HEX  NAME"), BSD and openssl ("SHA256 (NAME) = HEX"), the name first,
/// columns of several algorithms, groups of digits as gpg prints them, and a file that is nothing
/// but one digest. Digests of other algorithms are passed over where there is one of these.
///
/// A name counts when it is the last part of the URL's path, or more of its last parts, and of
/// several the longest; when there is none, names with this last part in other directories do, if
/// all agree. When the manifest says the name, only that counts.
///
/// Throws Error of kind digest, told with `shown_source` and line numbers: for what is no such
/// file, has no line or a malformed one for the name, or two that disagree. Never does the first
/// one win.
FileDigests find_digests(std::string_view sums, const ListedFile& file,
                         std::string_view shown_source);

/// The same for a checksums file that is signed. Its signature holds for each file that it lists,
/// of whatever release, so names in other directories never count, and a digest without a name
/// says nothing of which file it is.
FileDigests find_signed_digests(std::string_view sums, const ListedFile& file,
                                std::string_view shown_source);

} // namespace provisor
