// SPDX-License-Identifier: Apache-2.0
#include "trust/checksum_lines.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

namespace provisor {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool is_hex(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_number(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// By the number of its digits, which is all that a line without a tag says. MD5, SHA-1, SHA-224
/// and SHA-384 have lengths of their own.
ChecksumKind kind_of_length(std::string_view hex) {
    switch (hex.size()) {
    case 64:
        return ChecksumKind::sha256;
    case 128:
        return ChecksumKind::sha512;
    case 32:
    case 40:
    case 56:
    case 96:
        return ChecksumKind::other;
    default:
        return ChecksumKind::broken;
    }
}

bool is_digest(std::string_view text) {
    return is_hex(text) && kind_of_length(text) != ChecksumKind::broken;
}

/// What "SHA256", "sha256" or OpenSSL's "SHA2-256" means; other algorithms are other.
ChecksumKind kind_of_tag(std::string_view tag) {
    const std::string name = lower_case(tag);
    if (name == "sha256" || name == "sha2-256" || name == "sha-256")
        return ChecksumKind::sha256;
    if (name == "sha512" || name == "sha2-512" || name == "sha-512")
        return ChecksumKind::sha512;
    return ChecksumKind::other;
}

ChecksumLine tagged(std::size_t number, std::string_view tag, std::string_view digest,
                    std::string_view name) {
    ChecksumKind kind = kind_of_tag(tag);
    if (kind != ChecksumKind::other && (!is_hex(digest) || kind_of_length(digest) != kind))
        kind = ChecksumKind::broken;
    return {number, kind, lower_case(digest), std::string(name)};
}

/// GNU's escapes, in lines that begin with a backslash.
std::string unescape(std::string_view name) {
    std::string plain;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] != '\\' || i + 1 == name.size()) {
            plain += name[i];
            continue;
        }
        ++i;
        plain += name[i] == 'n' ? '\n' : name[i] == 'r' ? '\r' : name[i];
    }
    return plain;
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!(text = trimmed(text)).empty()) {
        const std::size_t end = std::min(text.find_first_of(blanks), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

/// "SHA256 (NAME) = HEX" of BSD, "SHA256(NAME)= HEX" of OpenSSL
std::optional<ChecksumLine> parse_tagged(std::string_view text, std::size_t number) {
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return std::nullopt;
    const std::string_view tag = trimmed(text.substr(0, open));
    std::string_view rest = trimmed(text.substr(close + 1));
    if (tag.empty() || tag.find_first_of(blanks) != std::string_view::npos ||
        !rest.starts_with('='))
        return std::nullopt;
    rest = trimmed(rest.substr(1));
    if (is_hex(tag) && is_digest(tag))
        return std::nullopt;
    return tagged(number, tag, rest, text.substr(open + 1, close - open - 1));
}

/// "HEX  NAME" or "HEX *NAME"; the name may be missing, and a size may stand before it, as in
/// Debian's Release files.
std::optional<ChecksumLine> parse_gnu(std::string_view text, std::size_t number) {
    const bool escaped = text.starts_with('\\');
    text = trimmed(text.substr(escaped ? 1 : 0));
    std::string_view hex = text.substr(0, std::min(text.find_first_of(blanks), text.size()));
    std::string_view name = trimmed(text.substr(hex.size()));
    std::string_view tag;
    if (const std::size_t colon = hex.find(':');
        colon != std::string_view::npos && is_digest(hex.substr(colon + 1))) {
        tag = hex.substr(0, colon);
        hex.remove_prefix(colon + 1);
    }
    if (!is_hex(hex))
        return std::nullopt;
    const std::size_t blank = name.find_first_of(blanks);
    if (blank != std::string_view::npos && is_number(name.substr(0, blank)))
        name = trimmed(name.substr(blank));
    if (name.starts_with('*'))
        name.remove_prefix(1);
    ChecksumLine line{number, kind_of_length(hex), lower_case(hex),
                      escaped ? unescape(name) : std::string(name)};
    if (!tag.empty() && !name.empty())
        line = tagged(number, tag, hex, name);
    return line;
}

/// "NAME  HEX", "NAME: HEX" and "NAME: SHA256 = HEX", where gpg prints the digits in groups.
std::optional<ChecksumLine> parse_name_first(std::string_view text, std::size_t number) {
    const std::size_t colon = text.find(": ");
    if (colon != std::string_view::npos) {
        std::string_view rest = trimmed(text.substr(colon + 1));
        std::string_view tag;
        if (const std::size_t equals = rest.find('='); equals != std::string_view::npos) {
            tag = trimmed(rest.substr(0, equals));
            rest = trimmed(rest.substr(equals + 1));
        } else if (const std::size_t inner = rest.find(':'); inner != std::string_view::npos) {
            tag = rest.substr(0, inner);
            rest = rest.substr(inner + 1);
        }
        std::string digits;
        for (const std::string_view group : words_of(rest))
            digits += group;
        if (is_digest(digits))
            return tag.empty() ? ChecksumLine{number, kind_of_length(digits), lower_case(digits),
                                              std::string(trimmed(text.substr(0, colon)))}
                               : tagged(number, tag, digits, trimmed(text.substr(0, colon)));
    }
    const std::size_t blank = text.find_last_of(blanks);
    if (blank == std::string_view::npos || !is_digest(text.substr(blank + 1)))
        return std::nullopt;
    std::string_view name = trimmed(text.substr(0, blank));
    if (name.ends_with(':'))
        name.remove_suffix(1);
    const std::string_view hex = text.substr(blank + 1);
    return ChecksumLine{number, kind_of_length(hex), lower_case(hex), std::string(name)};
}

/// A name and digests of several algorithms, in any order of the columns. Which of two columns of
/// one length is which nobody says.
std::vector<ChecksumLine> parse_columns(std::string_view text, std::size_t number) {
    std::vector<std::string_view> digests;
    std::string_view name;
    for (const std::string_view word : words_of(text)) {
        if (is_digest(word))
            digests.push_back(word);
        else if (name.empty() && !is_hex(word))
            name = word;
    }
    if (digests.size() < 2 || name.empty())
        return {};
    std::vector<ChecksumLine> lines;
    for (const std::string_view hex : digests) {
        const auto same = std::count_if(digests.begin(), digests.end(), [&](std::string_view one) {
            return one.size() == hex.size();
        });
        const ChecksumKind kind = kind_of_length(hex);
        lines.push_back({number,
                         same > 1 && kind != ChecksumKind::other ? ChecksumKind::ambiguous : kind,
                         lower_case(hex), std::string(name)});
    }
    return lines;
}

std::vector<ChecksumLine> parse_line(std::string_view text, std::size_t number) {
    if (auto line = parse_tagged(text, number))
        return {std::move(*line)};
    if (auto columns = parse_columns(text, number); !columns.empty())
        return columns;
    if (auto line = parse_gnu(text, number))
        return {std::move(*line)};
    if (auto line = parse_name_first(text, number))
        return {std::move(*line)};
    return {};
}

/// Whether a line goes on with the groups of digits that the one before it began.
bool continues(std::string_view text) {
    if (text.empty() || blanks.find(text.front()) == std::string_view::npos)
        return false;
    const std::vector<std::string_view> groups = words_of(text);
    return !groups.empty() && std::all_of(groups.begin(), groups.end(), [](std::string_view group) {
        return is_hex(group) && group.size() <= 8;
    });
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

} // namespace

std::vector<ChecksumLine> parse_checksum_lines(std::string_view text) {
    std::vector<ChecksumLine> lines;
    bool armour = false;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t first = number;
        const std::string_view line = take_line(text);
        if (line == "-----BEGIN PGP SIGNED MESSAGE-----") {
            armour = true; // its headers, up to an empty line
            continue;
        }
        if (line == "-----BEGIN PGP SIGNATURE-----")
            break;
        if (armour) {
            armour = !line.empty();
            continue;
        }
        std::string whole(line);
        for (std::string_view rest = text; line.find(':') != std::string_view::npos;) {
            const std::string_view next = take_line(rest);
            if (!continues(next))
                break;
            whole += next;
            text = rest;
            ++number;
        }
        for (ChecksumLine& found : parse_line(trimmed(whole), first))
            lines.push_back(std::move(found));
    }
    return lines;
}

} // namespace provisor
