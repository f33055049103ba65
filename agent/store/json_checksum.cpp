// SPDX-License-Identifier: Apache-2.0
#include "store/json_checksum.hpp"

#include "base/sha256.hpp"

namespace provisor {
namespace {

constexpr std::string_view end = "\n}\n";
constexpr std::string_view name = "\"checksum\": \"";
constexpr std::size_t digest_size = 64;

} // namespace

std::string with_checksum(std::string_view json) {
    if (!json.ends_with(end))
        return std::string(json);
    std::string text(json.substr(0, json.size() - end.size()));
    return text.append(",\n ").append(name).append(sha256_of(json)).append("\"").append(end);
}

bool has_wrong_checksum(std::string_view json) {
    const std::size_t tail = digest_size + 1 + end.size();
    if (json.size() < tail + name.size() || !json.ends_with(end))
        return false;
    const std::string_view digest = json.substr(json.size() - tail, digest_size);
    const std::string_view before = json.substr(0, json.size() - tail);
    const std::size_t comma = before.rfind(',');
    if (!before.ends_with(name) || comma == std::string_view::npos)
        return false;
    Sha256 sha;
    sha.update(std::as_bytes(std::span(json.substr(0, comma))));
    sha.update(std::as_bytes(std::span(end)));
    return sha.finish() != digest;
}

} // namespace provisor
