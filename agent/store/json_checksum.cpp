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

std::string_view checksum_of(std::string_view json) {
    const std::size_t tail = digest_size + 1 + end.size();
    if (json.size() < tail + name.size() || !json.ends_with(end) ||
        !json.substr(0, json.size() - tail).ends_with(name))
        return {};
    return json.substr(json.size() - tail, digest_size);
}

bool has_wrong_checksum(std::string_view json) {
    const std::string_view checksum = checksum_of(json);
    if (checksum.empty())
        return false;
    const auto begin = static_cast<std::size_t>(checksum.data() - json.data()) - name.size();
    Sha256 sha;
    sha.update(std::as_bytes(std::span(json.substr(0, json.rfind(',', begin)))));
    sha.update(std::as_bytes(std::span(end)));
    return sha.finish() != checksum;
}

} // namespace provisor
