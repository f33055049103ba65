// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace provisor {

/// The size of the pieces that decoders give.
constexpr std::size_t decoded_piece_size = std::size_t{256} * 1024;

/// Bytes in order.
class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;
    /// The next piece, of any size, valid until the next call; empty at the end and only there.
    /// Throws Error.
    virtual std::span<const std::byte> read() = 0;
};

} // namespace provisor
