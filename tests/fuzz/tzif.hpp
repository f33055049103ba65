// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace provisor::fuzz {

/// The text of a TZif file, version 2 (RFC 8536), without changes: what holds for ever is `rule`.
inline std::string tzif_of(std::string_view rule) {
    // A header that counts one type, and its six bytes: UTC.
    std::string block = "TZif2" + std::string(15, '\0') + std::string(16, '\0') +
                        std::string("\0\0\0\1", 4) + std::string("\0\0\0\4", 4);
    block += std::string(6, '\0') + std::string("UTC\0", 4);
    return block + block + "\n" + std::string(rule) + "\n";
}

} // namespace provisor::fuzz
