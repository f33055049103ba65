// SPDX-License-Identifier: Apache-2.0
#include "unpack/artifact.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

constexpr std::size_t raw_piece_size = std::size_t{64} * 1024;

} // namespace

Artifact::Artifact(int fd) : fd_(fd) {
    struct stat facts {};
    if (::fstat(fd, &facts) != 0)
        throw system_error(errno, "look at the artifact");
    if (!S_ISREG(facts.st_mode))
        throw Error(ErrorKind::io, "the artifact is no regular file");
    size_ = static_cast<std::uint64_t>(facts.st_size);
}

std::size_t Artifact::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    for (;;) {
        const ssize_t got = ::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
        if (got >= 0)
            return static_cast<std::size_t>(got);
        if (errno != EINTR)
            throw system_error(errno, "read the artifact");
    }
}

ArtifactBytes::ArtifactBytes(const Artifact& artifact)
    : artifact_(&artifact), buffer_(raw_piece_size) {}

std::span<const std::byte> ArtifactBytes::read() {
    const std::size_t got = artifact_->read_at(offset_, buffer_);
    offset_ += got;
    return std::span(buffer_).first(got);
}

} // namespace provisor
