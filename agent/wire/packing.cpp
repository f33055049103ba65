// SPDX-License-Identifier: Apache-2.0
#include "wire/packing.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>

namespace provisor {
namespace {

using namespace std::string_view_literals;

bool is_zstd(std::string_view head) {
    if (head.size() < 4)
        return false;
    // A frame, or a skippable frame (RFC 8878, 3.1.2), with which some compressors begin.
    return head.starts_with("\x28\xb5\x2f\xfd"sv) ||
           ((static_cast<unsigned char>(head[0]) & 0xf0) == 0x50 &&
            head.substr(1).starts_with("\x2a\x4d\x18"sv));
}

/// A header of the first tars has no magic, but a checksum: the sum of its bytes with the field
/// itself taken as blanks, in octal.
bool has_tar_checksum(std::string_view header) {
    constexpr std::size_t begin = 148;
    constexpr std::size_t length = 8;
    std::string_view field = header.substr(begin, length);
    while (field.starts_with(' ') || field.starts_with('0'))
        field.remove_prefix(1);
    std::uint64_t stored = 0;
    if (std::from_chars(field.data(), field.data() + field.size(), stored, 8).ec != std::errc{})
        return false;
    std::uint64_t sum = length * ' ';
    for (std::size_t i = 0; i < header.size(); ++i)
        if (i < begin || i >= begin + length)
            sum += static_cast<unsigned char>(header[i]);
    return sum == stored;
}

bool is_tar(std::string_view head) {
    constexpr std::size_t magic = 257;
    if (head.size() < packing_head_size)
        return false;
    return head.substr(magic).starts_with("ustar") ||
           has_tar_checksum(head.substr(0, packing_head_size));
}

} // namespace

Packing packing_of(std::string_view head) {
    if (head.starts_with("\x1f\x8b"sv))
        return Packing::gzip;
    if (is_zstd(head))
        return Packing::zstd;
    if (head.starts_with("\xfd\x37zXZ\0"sv))
        return Packing::xz;
    if (head.size() >= 4 && head.starts_with("BZh"sv) && head[3] >= '1' && head[3] <= '9')
        return Packing::bzip2;
    if (head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv))
        return Packing::zip;
    return is_tar(head) ? Packing::tar : Packing::none;
}

std::string_view to_string(Packing packing) {
    switch (packing) {
    case Packing::none:
        break;
    case Packing::gzip:
        return "gzip";
    case Packing::zstd:
        return "zstd";
    case Packing::xz:
        return "xz";
    case Packing::bzip2:
        return "bzip2";
    case Packing::tar:
        return "tar";
    case Packing::zip:
        return "zip";
    }
    return "neither compressed nor an archive";
}

} // namespace provisor
