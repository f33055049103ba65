// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/process_test.cpp
#pragma once

#include "unpack/byte_source.hpp"

#include <cstdint>
#include <vector>

namespace provisor {

/// The file that the agent handed over. Its descriptor is not owned, and its offset is left alone.
class Artifact {
public:
    /// Throws Error of kind io when it is no regular file.
    explicit Artifact(int fd);

    int fd() const { return fd_; }
    std::uint64_t size() const { return size_; }
    /// Reads up to `buffer.size()` bytes; 0 at the end. Throws Error of kind io.
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> buffer) const;

private:
    int fd_;
    std::uint64_t size_ = 0;
};

/// All bytes of an artifact in order.
class ArtifactBytes : public ByteSource {
public:
    explicit ArtifactBytes(const Artifact& artifact);
    std::span<const std::byte> read() override;

private:
    const Artifact* artifact_;
    std::uint64_t offset_ = 0;
    std::vector<std::byte> buffer_;
};

} // namespace provisor
