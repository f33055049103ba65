// SPDX-License-Identifier: Apache-2.0
// A checksums file: what it says of a name does not depend on the order of its lines, so that the
// first one never wins.
#include "trust/checksums.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "fuzz/target.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

namespace provisor::fuzz {
namespace {

constexpr std::string_view name = "app";

std::optional<std::string> digest_in(const std::string& sums) {
    try {
        return find_digest(sums, name, "SHA256SUMS");
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::digest, "a refusal is of kind digest");
        require(std::string_view(error.what()).find("'SHA256SUMS'") != std::string_view::npos,
                "a refusal names the file");
        return std::nullopt;
    }
}

/// Of a signed file, for a URL that ends with it.
std::optional<std::string> signed_digest_in(const std::string& sums) {
    try {
        return find_signed_digest(sums, {"v1", std::string(name)}, "SHA256SUMS");
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::digest, "a refusal is of kind digest");
        return std::nullopt;
    }
}

std::string reversed_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    for (Input input(text); !input.over();)
        lines.push_back(input.line());
    std::string reversed;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        reversed.append(*line).append("\n");
    return reversed;
}

std::string lower(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return copy;
}

} // namespace

void checksums(std::string_view input) {
    const std::string sums(input);
    const std::optional<std::string> digest = digest_in(sums);
    if (digest) {
        require(is_sha256(*digest), "a digest is 64 lower-case hex digits");
        require(lower(sums).find(*digest) != std::string::npos, "the digest stands in the file");
    }
    // Armour is read from its beginning on, and a page is known by its first words.
    if (sums.find("-----BEGIN") == std::string::npos && sums.find('<') == std::string::npos &&
        !sums.starts_with("\xEF\xBB\xBF"))
        require(digest_in(reversed_lines(sums)) == digest, "the order of the lines says nothing");
    if (const auto exact = signed_digest_in(sums)) {
        require(lower(sums).find(*exact) != std::string::npos, "the digest stands in the file");
        require(sums.find(name) != std::string::npos, "and so does the name");
    }
    if (!digest || sums.find("-----BEGIN") != std::string::npos)
        return;
    const std::string twice = sums + "\n" + *digest + "  app\n";
    require(digest_in(twice) == digest, "the same again changes nothing");
    const std::string zeros(64, '0');
    const std::string contradicted = twice + zeros + "  app\n";
    require(*digest == zeros || !digest_in(contradicted), "two that disagree are refused");
}

} // namespace provisor::fuzz
