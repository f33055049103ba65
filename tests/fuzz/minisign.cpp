// SPDX-License-Identifier: Apache-2.0
// A public key, a signature, and whether the signature is one of a content: of all texts only those
// that say the same as the true signature may verify.
#include "trust/minisign.hpp"

#include "base/base64.hpp"
#include "base/error.hpp"
#include "fuzz/target.hpp"
#include "model/trusted_comment.hpp"

#include <optional>

namespace provisor::fuzz {
namespace {

// Those of tests/unit/trust/data.
constexpr std::string_view content = "#!/bin/sh\necho signed\n";
constexpr std::string_view key_text = "RWTkCcdTRmVwnff2fyPi/gv0ANHKSR1qkHEnSc2sldVm7OuKO34B5CA/\n";
constexpr std::string_view prehashed =
    "untrusted comment: signature from minisign secret key\n"
    "RUTkCcdTRmVwnQt6vhX1VD5QduyhMkQjGOGeEJkkDfWDqPZc93VyzuKMKOt3qGhNxrtwjnIDMD88hq9QqdhBXHWq2dRm76"
    "ZX8"
    "ws=\n"
    "trusted comment: timestamp:1 file:content\n"
    "4vi2LWbhbBJf3rsK51T/gs7EWG4+xQyw89yB/z3MbH7H3Ju6V3eLL81dpOmXaogUcl3K1Q8+zh7cerkz7TxHCA==\n";
constexpr std::string_view legacy =
    "untrusted comment: signature from minisign secret key\n"
    "RWTkCcdTRmVwnYOZx37xyZhDJohN1PWXrNYdw7NdbuZ4/Zh7TK+wEg1d32BRS0nbfKfZeXJjGWBQ7FdMfzeHBVUw/"
    "uvnGfYVY"
    "AI=\n"
    "trusted comment: timestamp:1 file:content\n"
    "gTQtxepCHf4ZqvDwwYxyCTWdN+O1YfihowtT6oANONd10f5eOBe//Mt3RjqrwWd389nuCwl+CWnNbaALCWpjCg==\n";

template <typename Action>
auto or_refused(Action&& action) -> std::optional<decltype(action())> {
    try {
        return action();
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::signature, "a refusal is of kind signature");
        return std::nullopt;
    }
}

template <std::size_t size>
std::string_view view(const std::array<unsigned char, size>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), size};
}

/// The eight bytes of an id that is shown as a number.
std::string id_bytes(const std::string& id) {
    std::string bytes;
    for (std::size_t i = id.size(); i >= 2; i -= 2)
        bytes += static_cast<char>(std::stoi(id.substr(i - 2, 2), nullptr, 16));
    return bytes;
}

std::string print(const PublicKey& key) {
    return encode_base64("Ed" + id_bytes(key.id) + std::string(view(key.bytes))) + "\n";
}

std::string print(const Signature& signature) {
    return "untrusted comment: none\n" +
           encode_base64((signature.prehashed ? "ED" : "Ed") + id_bytes(signature.key_id) +
                         std::string(view(signature.bytes))) +
           "\ntrusted comment: " + signature.trusted_comment + "\n" +
           encode_base64(view(signature.global)) + "\n";
}

bool same(const Signature& one, const Signature& other) {
    return one.key_id == other.key_id && one.prehashed == other.prehashed &&
           one.bytes == other.bytes && one.trusted_comment == other.trusted_comment &&
           one.global == other.global;
}

void check_key(std::string_view text) {
    const auto key = or_refused([&] { return parse_public_key(text, "k"); });
    if (!key)
        return;
    require(key->id.size() == 16, "an id has 16 hex digits");
    require(text.find(print(*key).substr(0, 56)) != std::string_view::npos,
            "a key has one form in base64");
    require(parse_public_key(print(*key), "k") == *key, "a printed key is the same key");
}

void check_signature(std::string_view text) {
    const auto signature = or_refused([&] { return parse_signature(text, "s"); });
    if (!signature)
        return;
    if (!signature->trusted_comment.ends_with('\r'))
        require(same(parse_signature(print(*signature), "s"), *signature),
                "a printed signature is the same signature");
    const TrustedComment comment = parse_trusted_comment(signature->trusted_comment);
    require(comment.signed_at >= 0 && comment.file.find('\t') == std::string::npos,
            "a trusted comment is read field by field");
    static const KeyRing ring{{parse_public_key(key_text, "k")}, {}};
    static const Signature true_prehashed = parse_signature(prehashed, "s");
    static const Signature true_legacy = parse_signature(legacy, "s");
    if (or_refused([&] { return verify_signature(*signature, ring, content, "content"); }))
        require(same(*signature, true_prehashed) || same(*signature, true_legacy),
                "nothing verifies but what was signed");
}

} // namespace

void minisign(std::string_view input) {
    check_key(input);
    check_signature(input);
}

} // namespace provisor::fuzz
