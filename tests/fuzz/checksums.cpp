// SPDX-License-Identifier: Apache-2.0
// A checksums file: what it says of a name does not depend on the order of its lines, so that the
// first one never wins.
#include "trust/checksums.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "fuzz/target.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

namespace provisor::fuzz {
namespace {

constexpr std::string_view name = "app";

std::optional<FileDigests> digests_in(const std::string& sums) {
    try {
        return find_digests(sums, {{std::string(name)}, ""}, "SHA256SUMS");
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::digest, "a refusal is of kind digest");
        require(std::string_view(error.what()).find("'SHA256SUMS'") != std::string_view::npos,
                "a refusal names the file");
        return std::nullopt;
    }
}

/// Of a signed file, for a URL that ends with it.
std::optional<FileDigests> signed_digests_in(const std::string& sums) {
    try {
        return find_signed_digests(sums, {{"v1", std::string(name)}, ""}, "SHA256SUMS");
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

/// Hex digits as they stand in the text, which gpg prints in groups.
std::string digits_of(std::string_view text) {
    std::string copy = lower_case(text);
    std::erase_if(copy, [](unsigned char c) { return std::isspace(c) != 0; });
    return copy;
}

void require_digests(const FileDigests& digests, const std::string& sums) {
    require(!digests.sha256.empty() || !digests.sha512.empty(), "there is a digest");
    require(digests.sha256.empty() || is_sha256(digests.sha256), "it has 64 hex digits");
    require(digests.sha512.empty() ||
                (digests.sha512.size() == 128 && is_lower_hex(digests.sha512)),
            "or 128");
    const std::string digits = digits_of(sums);
    require(digits.find(digests.sha256) != std::string::npos &&
                digits.find(digests.sha512) != std::string::npos,
            "it stands in the file");
}

} // namespace

void checksums(std::string_view input) {
    const std::string sums(input);
    const std::optional<FileDigests> digests = digests_in(sums);
    if (digests)
        require_digests(*digests, sums);
    // Armour is read from its beginning on, a page is known by its first words, and groups of
    // digits go on in the next line.
    if (sums.find("-----BEGIN") == std::string::npos && sums.find('<') == std::string::npos &&
        sums.find(':') == std::string::npos && sums.find('\xEF') == std::string::npos &&
        sums.find('\xFF') == std::string::npos && sums.find('\xFE') == std::string::npos)
        require(digests_in(reversed_lines(sums)) == digests, "the order of the lines says nothing");
    if (const auto exact = signed_digests_in(sums)) {
        require_digests(*exact, sums);
        require(sums.find(name) != std::string::npos, "the name stands there, too");
    }
    if (!digests || digests->sha256.empty() || sums.find("-----BEGIN") != std::string::npos)
        return;
    const std::string twice = sums + "\n" + digests->sha256 + "  app\n";
    const auto same = digests_in(twice);
    require(same && same->sha256 == digests->sha256, "the same again changes nothing");
    const std::string zeros(64, '0');
    const std::string contradicted = twice + zeros + "  app\n";
    require(digests->sha256 == zeros || !digests_in(contradicted), "two that disagree are refused");
}

} // namespace provisor::fuzz
