// SPDX-License-Identifier: Apache-2.0
#include "local/unpack/archives.hpp"

#include <cstdio>
#include <stdexcept>
#include <sys/stat.h>
#include <zlib.h>

namespace provisor::test {
namespace {

constexpr std::size_t block = 512;

void put(std::string& header, std::size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
}

std::string octal(std::uint64_t value, int digits) {
    char text[24];
    std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
    return text;
}

unsigned zip_mode(const Forged& member) {
    switch (member.type) {
    case '2':
        return S_IFLNK | 0777;
    case '3':
        return S_IFCHR | member.mode;
    case '4':
        return S_IFBLK | member.mode;
    case '5':
        return S_IFDIR | member.mode;
    case '6':
        return S_IFIFO | member.mode;
    default:
        return S_IFREG | member.mode;
    }
}

} // namespace

std::string number(std::uint64_t value, unsigned bytes) {
    std::string text;
    for (unsigned i = 0; i < bytes; ++i)
        text += static_cast<char>(value >> (8 * i));
    return text;
}

std::uint32_t crc_of(const std::string& bytes) {
    return static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

std::string tar_member(const Forged& member) {
    std::string header(block, '\0');
    put(header, 0, member.name.substr(0, 100));
    put(header, 100, octal(member.mode, 7));
    put(header, 108, octal(0, 7));
    put(header, 116, octal(0, 7));
    put(header, 124, octal(member.content.size(), 11));
    put(header, 136, octal(0, 11));
    header[156] = member.type;
    put(header, 157, member.target);
    put(header, 257,
        std::string("ustar\0"
                    "00",
                    8));
    put(header, 329, octal(1, 7));
    put(header, 337, octal(1, 7));
    put(header, 148, std::string(8, ' '));
    unsigned sum = 0;
    for (const char byte : header)
        sum += static_cast<unsigned char>(byte);
    put(header, 148, octal(sum, 6) + '\0');
    std::string bytes = header + member.content;
    bytes.resize((bytes.size() + block - 1) / block * block);
    return bytes;
}

std::string tar_of(const std::vector<Forged>& members) {
    std::string bytes;
    for (const Forged& member : members)
        bytes += tar_member(member);
    return bytes + std::string(2 * block, '\0');
}

std::string zip_of(const std::vector<Forged>& members) {
    std::string locals;
    std::string directory;
    for (const Forged& member : members) {
        const std::string content = member.type == '2' ? member.target : member.content;
        // From the general flags to the length of the extra field: the same in both headers.
        const std::string common = number(0, 2) + number(0, 2) + number(0, 4) +
                                   number(crc_of(content), 4) + number(content.size(), 4) +
                                   number(content.size(), 4) + number(member.name.size(), 2) +
                                   number(0, 2);
        directory += "PK\x01\x02" + number(3 * 256 + 20, 2) + number(20, 2) + common +
                     number(0, 2) + number(0, 2) + number(0, 2) +
                     number(std::uint64_t{zip_mode(member)} << 16, 4) + number(locals.size(), 4) +
                     member.name;
        locals.append("PK\x03\x04")
            .append(number(20, 2))
            .append(common)
            .append(member.name)
            .append(content);
    }
    const std::string end = "PK\x05\x06" + number(0, 4) + number(members.size(), 2) +
                            number(members.size(), 2) + number(directory.size(), 4) +
                            number(locals.size(), 4) + number(0, 2);
    return locals + directory + end;
}

std::string gzip_of(const std::string& bytes) {
    z_stream stream{};
    if (deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("deflateInit2 failed");
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        throw std::runtime_error("deflate failed");
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

} // namespace provisor::test
