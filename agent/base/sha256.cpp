// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <openssl/evp.h>
#include <unistd.h>
#include <vector>

namespace provisor {

namespace {

/// In lower-case hex digits; the context is spent afterwards.
std::string finish_digest(EVP_MD_CTX* context) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw;
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context, raw.data(), &size) != 1)
        throw Error(ErrorKind::io, "libcrypto made no digest");
    static constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        hex += digits[raw[i] >> 4];
        hex += digits[raw[i] & 15];
    }
    return hex;
}

/// Reads the first `size` bytes with pread, in slices between which the interrupt is honoured.
/// Returns how many there were.
template <typename Take>
std::uint64_t read_slices(int fd, std::uint64_t size, const Interrupt& interrupt,
                          const std::string& what, const Take& take) {
    std::vector<std::byte> buffer(std::size_t{256} * 1024);
    std::uint64_t offset = 0;
    while (offset < size) {
        interrupt.check();
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - offset));
        const ssize_t got = ::pread(fd, buffer.data(), wanted, static_cast<off_t>(offset));
        if (got < 0) {
            if (errno == EINTR)
                continue;
            throw system_error(errno, what);
        }
        if (got == 0)
            break;
        take(std::span(buffer).first(static_cast<std::size_t>(got)));
        offset += static_cast<std::uint64_t>(got);
    }
    return offset;
}

} // namespace

struct Sha256::Context {
    CPtr<EVP_MD_CTX, EVP_MD_CTX_free> evp{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    if (!context_->evp || EVP_DigestInit_ex(context_->evp.get(), EVP_sha256(), nullptr) != 1)
        throw Error(ErrorKind::io, "SHA-256 is not available from libcrypto");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
    if (EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) != 1)
        throw Error(ErrorKind::io, "SHA-256: libcrypto failed");
}

std::string Sha256::so_far() const {
    Sha256 copy;
    if (EVP_MD_CTX_copy_ex(copy.context_->evp.get(), context_->evp.get()) != 1)
        throw Error(ErrorKind::io, "SHA-256: libcrypto failed");
    return copy.finish();
}

std::string Sha256::finish() { return finish_digest(context_->evp.get()); }

std::string sha256_of(std::string_view text) {
    Sha256 sha;
    sha.update(std::as_bytes(std::span(text)));
    return sha.finish();
}

std::uint64_t add_file(Sha256& sha, int fd, std::uint64_t size, const Interrupt& interrupt,
                       const std::string& what) {
    return read_slices(fd, size, interrupt, what,
                       [&](std::span<const std::byte> bytes) { sha.update(bytes); });
}

std::string sha256_of_fd(int fd, const Interrupt& interrupt, const std::string& what) {
    Sha256 sha;
    add_file(sha, fd, std::numeric_limits<std::uint64_t>::max(), interrupt, what);
    return sha.finish();
}

std::string sha512_of_fd(int fd, const Interrupt& interrupt, const std::string& what) {
    const CPtr<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
    if (!context || EVP_DigestInit_ex(context.get(), EVP_sha512(), nullptr) != 1)
        throw Error(ErrorKind::io, "SHA-512 is not available from libcrypto");
    read_slices(fd, std::numeric_limits<std::uint64_t>::max(), interrupt, what,
                [&](std::span<const std::byte> bytes) {
                    if (EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1)
                        throw Error(ErrorKind::io, "SHA-512: libcrypto failed");
                });
    return finish_digest(context.get());
}

std::string copy_with_sha256(int from, int to, const Interrupt& interrupt, const std::string& what,
                             const std::string& source) {
    Sha256 sha;
    std::vector<std::byte> buffer(std::size_t{256} * 1024);
    for (off_t offset = 0;;) {
        interrupt.check();
        const ssize_t got = ::pread(from, buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw system_error(errno, what + ": read " + source);
        if (got == 0)
            return sha.finish();
        const std::span bytes = std::span(buffer).first(static_cast<std::size_t>(got));
        sha.update(bytes);
        write_all(to, bytes, what);
        offset += got;
    }
}

bool is_lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_sha256(std::string_view text) { return text.size() == 64 && is_lower_hex(text); }

} // namespace provisor
