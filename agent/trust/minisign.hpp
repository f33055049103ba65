// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "base/strict_files.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

// Signatures of minisign(1): Ed25519 over the content or, by default since 0.10, over its
// BLAKE2b-512, and a second signature over the first one and the trusted comment.

struct PublicKey {
    std::string file; ///< where it was read from, to be shown
    std::string id;   ///< 16 hex digits, as minisign shows it
    std::array<unsigned char, 32> bytes{};
    bool operator==(const PublicKey&) const = default;
};

struct KeyRing {
    std::vector<PublicKey> keys;
    std::vector<std::string> problems; ///< files that are not used, and why
};

struct Signature {
    std::string source; ///< to be shown
    std::string key_id;
    bool prehashed = false;
    std::array<unsigned char, 64> bytes{};
    std::string trusted_comment; ///< its bytes, as they are signed
    std::array<unsigned char, 64> global{};
};

/// What a signature proved.
struct Verified {
    std::string key_id;
    std::string key_file;
    std::string trusted_comment; ///< made printable
    bool operator==(const Verified&) const = default;
};

/// Each throws Error of kind signature, which names the file, for anything but exactly one key or
/// signature.
PublicKey parse_public_key(std::string_view text, const std::string& file);
Signature parse_signature(std::string_view text, const std::string& source);

/// The keys in a folder's *.pub files, sorted by name. One that others could have written (group-
/// or world-writable, not root's nor ours) is not used, and none of a folder where others could
/// have put one. A folder that is not there is empty. Nor is one that `rules` refuse.
KeyRing read_keys(const std::filesystem::path& folder, const FileRules& rules);

/// The key that made the signature, by its id. Throws Error of kind signature when it is not in the
/// ring; names the ids that are.
const PublicKey& find_key(const Signature& signature, const KeyRing& ring);

/// Checks both signatures against the content behind `fd`, read from its start in slices between
/// which the interrupt is honoured. Throws Error of kind signature that tells which of them is
/// wrong.
Verified verify_signature(const Signature& signature, const KeyRing& ring, int fd,
                          const Interrupt& interrupt, std::string_view shown_content);
/// The same for a text.
Verified verify_signature(const Signature& signature, const KeyRing& ring, std::string_view content,
                          std::string_view shown_content);

} // namespace provisor
