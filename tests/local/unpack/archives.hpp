// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace provisor::test {

/// A member as somebody wants it to be, however wrong.
struct Forged {
    std::string name;
    std::string content = {};
    char type =
        '0'; ///< tar's; a zip says the same in the mode: 0 file, 1 hard link (not in a
             ///< zip), 2 symbolic link, 3 character device, 4 block device, 5 folder, 6 FIFO
    std::string target = {}; ///< of a link (in a zip it is the content)
    unsigned mode = 0755;
};

/// An old-style member of a tar (ustar), without the end of the archive.
std::string tar_member(const Forged& member);
/// A whole tar.
std::string tar_of(const std::vector<Forged>& members);
/// A whole zip, its members stored.
std::string zip_of(const std::vector<Forged>& members);

/// gzip (RFC 1952), in process.
std::string gzip_of(const std::string& bytes);
/// CRC-32 as gzip, zip and xz have it.
std::uint32_t crc_of(const std::string& bytes);
/// In little-endian order.
std::string number(std::uint64_t value, unsigned bytes);

} // namespace provisor::test
