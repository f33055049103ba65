// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/base64.hpp"

#include <memory>
#include <openssl/evp.h>
#include <stdexcept>
#include <string>
#include <string_view>

namespace provisor::test {

/// A key of minisign(1) and what it signs. Of one letter always the same key, so that tests can
/// name its id: sixteen times the letter's digit, "AAAAAAAAAAAAAAAA".
class MinisignSigner {
public:
    explicit MinisignSigner(char hex_digit)
        : id_(16, hex_digit),
          id_bytes_(8, static_cast<char>(0x11 * std::stoi(std::string(1, hex_digit), nullptr, 16))),
          key_(EVP_PKEY_new_raw_private_key(
                   EVP_PKEY_ED25519, nullptr,
                   reinterpret_cast<const unsigned char*>(std::string(32, hex_digit).data()), 32),
               EVP_PKEY_free) {}

    const std::string& id() const { return id_; }

    /// The text of its public key's file.
    std::string public_key() const {
        std::string bytes(32, '\0');
        std::size_t size = bytes.size();
        if (EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                                        &size) != 1)
            throw std::runtime_error("no public key");
        return encode_base64("Ed" + id_bytes_ + bytes) + "\n";
    }

    /// The text of a signature of `content`, of minisign's present form.
    std::string sign(std::string_view content, const std::string& trusted_comment) const {
        const std::string first = raw_signature(blake2b(content));
        return "untrusted comment: for a test\n" + encode_base64("ED" + id_bytes_ + first) +
               "\ntrusted comment: " + trusted_comment + "\n" +
               encode_base64(raw_signature(first + trusted_comment)) + "\n";
    }

private:
    using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

    static std::string blake2b(std::string_view content) {
        std::string digest(64, '\0');
        unsigned int size = 0;
        if (EVP_Digest(content.data(), content.size(),
                       reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_blake2b512(),
                       nullptr) != 1)
            throw std::runtime_error("no BLAKE2b");
        return digest;
    }

    std::string raw_signature(std::string_view message) const {
        const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        std::string signature(64, '\0');
        std::size_t size = signature.size();
        if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
            EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                           reinterpret_cast<const unsigned char*>(message.data()),
                           message.size()) != 1)
            throw std::runtime_error("no Ed25519");
        return signature;
    }

    std::string id_;
    std::string id_bytes_;
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

} // namespace provisor::test
