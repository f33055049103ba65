// SPDX-License-Identifier: Apache-2.0
#include "wire/packing.hpp"

#include <gtest/gtest.h>
#include <string>

namespace provisor {
namespace {

using namespace std::string_literals;

/// The front of a member's header as an old tar writes it: without "ustar", with its checksum.
std::string old_tar_header() {
    std::string header(512, '\0');
    header.replace(0, 3, "app");
    header.replace(100, 8, "0000755\0"s);
    header.replace(124, 12, "00000000001\0"s);
    // 'a' + 'p' + 'p' and so on, in octal, with eight blanks for the field itself.
    unsigned sum = 8 * ' ';
    for (const char byte : header)
        sum += static_cast<unsigned char>(byte);
    std::string octal;
    for (int digit = 0; digit < 6; ++digit, sum /= 8)
        octal.insert(0, 1, static_cast<char>('0' + sum % 8));
    header.replace(148, 8, octal + "\0 "s);
    return header;
}

std::string with(std::string text, std::size_t at, const std::string& part) {
    return text.replace(at, part.size(), part);
}

struct Row {
    const char* name;
    std::string head;
    Packing packing;
};

const Row rows[] = {
    {"empty", "", Packing::none},
    {"gzip", "\x1f\x8b\x08"s, Packing::gzip},
    {"half a gzip magic", "\x1f", Packing::none},
    {"zstd", "\x28\xb5\x2f\xfd\x00"s, Packing::zstd},
    {"zstd that begins with a skippable frame", "\x5f\x2a\x4d\x18"s, Packing::zstd},
    {"no skippable frame", "\x60\x2a\x4d\x18"s, Packing::none},
    {"three bytes of zstd", "\x28\xb5\x2f"s, Packing::none},
    {"xz",
     "\xfd"
     "7zXZ\0"s,
     Packing::xz},
    {"not quite xz",
     "\xfd"
     "7zXY\0"s,
     Packing::none},
    {"bzip2", "BZh91AY", Packing::bzip2},
    {"a text that begins with BZh", "BZhello", Packing::none},
    {"zip", "PK\x03\x04", Packing::zip},
    {"zip without entries", "PK\x05\x06", Packing::zip},
    {"a text that begins with PK", "PKCS", Packing::none},
    {"tar", with(std::string(512, 'x'), 257, "ustar"), Packing::tar},
    {"tar cut short", with(std::string(511, 'x'), 257, "ustar"), Packing::none},
    {"old tar", old_tar_header(), Packing::tar},
    {"old tar and more", old_tar_header() + "xyz", Packing::tar},
    {"old tar with another checksum", with(old_tar_header(), 0, "b"), Packing::none},
    {"zeros", std::string(512, '\0'), Packing::none},
    {"program",
     with(std::string(512, '\0'), 0,
          "\x7f"
          "ELF"),
     Packing::none},
};

TEST(Packing, IsToldByTheFirstBytes) {
    for (const Row& row : rows)
        EXPECT_EQ(to_string(packing_of(row.head)), to_string(row.packing)) << row.name;
}

} // namespace
} // namespace provisor
