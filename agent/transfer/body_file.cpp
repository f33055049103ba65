// SPDX-License-Identifier: Apache-2.0
#include "transfer/body_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace provisor {
namespace {

constexpr std::size_t piece = std::size_t{64} * 1024;
using Buffer = std::array<char, piece>;

/// Fills the buffer from there as far as there are bytes and `wanted` goes. What cannot be read is
/// not there: it is only compared with, or was read a moment ago.
std::size_t read_at(int fd, Buffer& buffer, std::uint64_t offset, std::uint64_t wanted) {
    const std::size_t size = std::min<std::uint64_t>(buffer.size(), wanted);
    ssize_t got = -1;
    do
        got = ::pread(fd, buffer.data(), size, static_cast<off_t>(offset));
    while (got < 0 && errno == EINTR);
    return got < 0 ? 0 : static_cast<std::size_t>(got);
}

} // namespace

bool BodyFile::continues_known(std::string_view bytes) const {
    Buffer buffer;
    for (std::uint64_t offset = same_; !bytes.empty();) {
        const std::size_t got = read_at(known_->file.get(), buffer, offset, bytes.size());
        if (got == 0 || std::memcmp(buffer.data(), bytes.data(), got) != 0)
            return false;
        offset += got;
        bytes.remove_prefix(got);
    }
    return true;
}

void BodyFile::append(std::string_view bytes) {
    if (known_ && continues_known(bytes)) {
        same_ += bytes.size();
        return;
    }
    const int file = written().get();
    room_.expect(bytes.size());
    write_all(file, bytes, "write the download cache");
}

const Fd& BodyFile::written() {
    if (!known_)
        return file_;
    file_ = open_();
    Buffer buffer;
    for (std::uint64_t offset = 0; offset < same_;) {
        const std::size_t got = read_at(known_->file.get(), buffer, offset, same_ - offset);
        if (got == 0)
            throw Error(ErrorKind::io, "a blob of the cache changed while it was read");
        write_all(file_.get(), std::string_view(buffer.data(), got), "write the download cache");
        offset += got;
    }
    known_.reset();
    return file_;
}

Body BodyFile::finish(std::uint64_t size, std::string sha256, ContentCoding coding) {
    if (known_ && size == known_->size && sha256 == known_->sha256)
        return {std::move(known_->file), size, std::move(sha256), coding, true};
    written();
    return {std::move(file_), size, std::move(sha256), coding};
}

} // namespace provisor
