// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace provisor {

/// Streaming SHA-256 (OpenSSL EVP, so that the processor's own instructions are used).
class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void update(std::span<const std::byte> bytes);
    /// 64 lower-case hex digits; the object is spent afterwards.
    std::string finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// Digest of a text, 64 lower-case hex digits.
std::string sha256_of(std::string_view text);

/// Digest of the file behind `fd`, read from its start with pread (the offset is left alone) in
/// slices between which the interrupt is honoured (throws Interrupted). Throws Error of kind io,
/// told as `what`.
std::string sha256_of_fd(int fd, const Interrupt& interrupt, const std::string& what);

/// Whether `text` is 64 lower-case hex digits.
bool is_sha256(std::string_view text);

} // namespace provisor
