// SPDX-License-Identifier: Apache-2.0
#include "trust/minisign.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <span>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

using Key = CPtr<EVP_PKEY, EVP_PKEY_free>;
using Digest = CPtr<EVP_MD_CTX, EVP_MD_CTX_free>;
/// A legacy signature is over the content itself, and Ed25519 reads that twice: it has to be in
/// memory as a whole.
constexpr std::uint64_t legacy_limit = std::uint64_t{64} << 20;
constexpr std::uint64_t prehash_size = 64; ///< of BLAKE2b-512

[[noreturn]] void refuse(const std::string& source, const std::string& what) {
    throw Error(ErrorKind::signature, fmt::format("'{}' {}", source, what));
}

bool is_signed(const PublicKey& key, const std::array<unsigned char, 64>& signature,
               std::string_view message) {
    const Key pkey(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
    const Digest context(EVP_MD_CTX_new());
    if (!pkey || !context ||
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) != 1)
        throw Error(ErrorKind::signature, "Ed25519 is not available from libcrypto");
    return EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                            reinterpret_cast<const unsigned char*>(message.data()),
                            message.size()) == 1;
}

/// BLAKE2b-512 of what update() is given.
class Blake2b {
public:
    Blake2b() : context_(EVP_MD_CTX_new()) {
        if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_blake2b512(), nullptr) != 1)
            throw Error(ErrorKind::signature, "BLAKE2b is not available from libcrypto");
    }
    void update(const void* bytes, std::size_t size) {
        if (EVP_DigestUpdate(context_.get(), bytes, size) != 1)
            throw Error(ErrorKind::signature, "BLAKE2b: libcrypto failed");
    }
    std::string finish() {
        std::string digest(64, '\0');
        unsigned int size = 0;
        if (EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                               &size) != 1 ||
            size != digest.size())
            throw Error(ErrorKind::signature, "BLAKE2b: libcrypto failed");
        return digest;
    }

private:
    Digest context_;
};

std::string prehash(int fd, const Interrupt& interrupt, std::string_view shown) {
    Blake2b hash;
    std::vector<std::byte> buffer(std::size_t{256} * 1024);
    for (off_t offset = 0;;) {
        interrupt.check();
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw system_error(errno, fmt::format("read '{}'", shown));
        if (got == 0)
            return hash.finish();
        hash.update(buffer.data(), static_cast<std::size_t>(got));
        offset += got;
    }
}

/// A file's content in memory for as long as it lives.
class Mapping {
public:
    Mapping(int fd, std::size_t size, std::string_view shown)
        : size_(size),
          bytes_(size == 0 ? nullptr : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0)) {
        if (bytes_ == MAP_FAILED)
            throw system_error(errno, fmt::format("read '{}'", shown));
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (bytes_ != nullptr)
            ::munmap(bytes_, size_);
    }
    std::string_view text() const { return {static_cast<const char*>(bytes_), size_}; }

private:
    std::size_t size_;
    void* bytes_;
};

/// Neither signature covers the two letters that tell the forms apart: a prehashed one that is
/// renamed to legacy is good for 64 bytes that are the digest of what was signed.
void refuse_digest_as_content(const Signature& signature, std::uint64_t size) {
    if (size == prehash_size)
        refuse(signature.source, "is of minisign's legacy form over 64 bytes, which looks like "
                                 "a signature of something else");
}

/// `message` is what the first signature is over.
Verified check(const Signature& signature, const PublicKey& key, std::string_view message,
               std::string_view shown) {
    if (!is_signed(key, signature.bytes, message))
        refuse(signature.source,
               fmt::format("is not a signature of '{}' by key {} ({}): the content or the "
                           "signature is another one",
                           shown, key.id, key.file));
    const std::string both(signature.bytes.begin(), signature.bytes.end());
    if (!is_signed(key, signature.global, both + signature.trusted_comment))
        refuse(signature.source, "has a trusted comment that was altered");
    return {key.id, key.file, printable(signature.trusted_comment, 500)};
}

} // namespace

const PublicKey& find_key(const Signature& signature, const KeyRing& ring) {
    const auto key = std::find_if(ring.keys.begin(), ring.keys.end(),
                                  [&](const PublicKey& one) { return one.id == signature.key_id; });
    if (key != ring.keys.end())
        return *key;
    std::string known;
    for (const PublicKey& one : ring.keys)
        known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", one.id, one.file);
    for (const std::string& problem : ring.problems)
        known += (known.empty() ? "" : "; ") + problem;
    refuse(signature.source,
           fmt::format("was made by key {}, which is not trusted here; keys.d {}", signature.key_id,
                       known.empty() ? "is empty" : "has " + known));
}

Verified verify_signature(const Signature& signature, const KeyRing& ring, int fd,
                          const Interrupt& interrupt, std::string_view shown_content) {
    const PublicKey& key = find_key(signature, ring);
    if (signature.prehashed)
        return check(signature, key, prehash(fd, interrupt, shown_content), shown_content);
    struct stat facts {};
    if (::fstat(fd, &facts) != 0)
        throw system_error(errno, fmt::format("look at '{}'", shown_content));
    refuse_digest_as_content(signature, static_cast<std::uint64_t>(facts.st_size));
    if (static_cast<std::uint64_t>(facts.st_size) > legacy_limit)
        refuse(signature.source, "is of minisign's legacy form, which is taken for at most 64 MiB "
                                 "of content; sign with minisign 0.10 or later");
    const Mapping content(fd, static_cast<std::size_t>(facts.st_size), shown_content);
    return check(signature, key, content.text(), shown_content);
}

Verified verify_signature(const Signature& signature, const KeyRing& ring, std::string_view content,
                          std::string_view shown_content) {
    const PublicKey& key = find_key(signature, ring);
    if (!signature.prehashed) {
        refuse_digest_as_content(signature, content.size());
        return check(signature, key, content, shown_content);
    }
    Blake2b hash;
    hash.update(content.data(), content.size());
    return check(signature, key, hash.finish(), shown_content);
}

} // namespace provisor
