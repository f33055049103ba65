// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"

#include <cstddef>
#include <cstdint>
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
    /// The digest of what has come so far; more may follow.
    std::string so_far() const;
    /// 64 lower-case hex digits; the object is spent afterwards.
    std::string finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// Digest of a text, 64 lower-case hex digits.
std::string sha256_of(std::string_view text);

/// Adds the first `size` bytes of the file behind `fd` to `sha`, read with pread in slices between
/// which the interrupt is honoured (throws Interrupted). Returns how many there were. Throws Error
/// of kind io, told as `what`.
std::uint64_t add_file(Sha256& sha, int fd, std::uint64_t size, const Interrupt& interrupt,
                       const std::string& what);

/// Digest of the file behind `fd`, read from its start with pread (the offset is left alone) in
/// slices between which the interrupt is honoured (throws Interrupted). Throws Error of kind io,
/// told as `what`.
std::string sha256_of_fd(int fd, const Interrupt& interrupt, const std::string& what);

/// Copies the file behind `from`, read with pread from its start, to the offset of `to`. Returns
/// the digest of what was copied. Throws Error of kind io or space, which begins with `what` and
/// names `source` when that cannot be read; and Interrupted.
std::string copy_with_sha256(int from, int to, const Interrupt& interrupt, const std::string& what,
                             const std::string& source);

/// The SHA-512 digest of the file behind `fd`, 128 lower-case hex digits, read as sha256_of_fd()
/// does.
std::string sha512_of_fd(int fd, const Interrupt& interrupt, const std::string& what);

/// Whether `text` is of the digits 0 to 9 and a to f alone.
bool is_lower_hex(std::string_view text);

/// Whether `text` is 64 lower-case hex digits.
bool is_sha256(std::string_view text);

} // namespace provisor
