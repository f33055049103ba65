// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/formats_test.cpp, tests/local/unpack/bombs_test.cpp
#pragma once

#include "unpack/byte_source.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace provisor {

/// A stream that can be looked at before it is read, and that is bounded.
class Content : public ByteSource {
public:
    /// More than `limit` bytes of it are an Error of kind size.
    Content(std::unique_ptr<ByteSource> source, std::uint64_t limit);

    /// The first `packing_head_size` bytes, or all if there are fewer (or more); they are still to
    /// be read. Only before anything else.
    const std::string& head();
    std::span<const std::byte> read() override;

    /// How many bytes have been read.
    std::uint64_t position() const { return position_; }
    /// Where the last byte of them that is not zero ends.
    std::uint64_t end_of_last_nonzero() const { return end_of_last_nonzero_; }

private:
    std::unique_ptr<ByteSource> source_;
    std::uint64_t limit_;
    std::string head_;
    bool head_is_unread_ = false;
    std::uint64_t position_ = 0;
    std::uint64_t end_of_last_nonzero_ = 0;
};

} // namespace provisor
