// SPDX-License-Identifier: Apache-2.0
#include "unpack/zip_end.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>

namespace provisor {
namespace {

constexpr std::size_t record_size = 22;
constexpr std::size_t max_comment = 0xffff;

std::string tail_of(const Artifact& artifact) {
    std::string tail(std::min<std::uint64_t>(artifact.size(), record_size + max_comment), '\0');
    std::size_t filled = 0;
    while (filled < tail.size()) {
        const std::size_t got =
            artifact.read_at(artifact.size() - tail.size() + filled,
                             std::as_writable_bytes(std::span(tail).subspan(filled)));
        if (got == 0)
            throw Error(ErrorKind::io, "the artifact shrank while it was read");
        filled += got;
    }
    return tail;
}

} // namespace

void check_zip_end(const Artifact& artifact) {
    const std::string tail = tail_of(artifact);
    const std::size_t record = tail.rfind("PK\x05\x06");
    if (record == std::string::npos || tail.size() - record < record_size)
        throw Error(ErrorKind::unpack,
                    "the zip archive is cut short: it does not end with its end record");
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(tail[record + at]); };
    const std::size_t end = record + record_size + byte(20) + byte(21) * std::size_t{256};
    if (end > tail.size())
        throw Error(ErrorKind::unpack, "the zip archive is cut short in its comment");
    if (end < tail.size())
        throw Error(ErrorKind::unpack,
                    fmt::format("{} bytes of something else follow the end of the zip archive",
                                tail.size() - end));
}

} // namespace provisor
