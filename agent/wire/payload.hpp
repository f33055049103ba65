// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/wire/messages_test.cpp
#pragma once

#include "base/content_coding.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace provisor {

/// Puts the payload of a frame together: numbers are 8 bytes, texts a number and their bytes.
class PayloadWriter {
public:
    PayloadWriter& add(std::uint64_t number);
    PayloadWriter& add(std::string_view text);
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

/// Takes a payload apart. The other side is not trusted: each function throws Error of kind io for
/// a payload that is cut short or too long.
class PayloadReader {
public:
    explicit PayloadReader(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t number();
    std::string text();
    ContentCoding coding();
    /// Nothing may be left.
    void finish() const;

private:
    std::string_view take(std::uint64_t size);

    std::string_view bytes_;
};

} // namespace provisor
