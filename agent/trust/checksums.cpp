// SPDX-License-Identifier: Apache-2.0
#include "trust/checksums.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <optional>
#include <set>

namespace provisor {
namespace {

enum class Kind {
    sha256,
    sha512,
    other,    ///< of an algorithm that proves nothing, or that is not read
    broken,   ///< hex digits, and not as many as any algorithm has
    ambiguous ///< one of several columns of the same length
};

/// What a line says of a file.
struct Line {
    std::size_t number = 0;
    Kind kind = Kind::broken;
    std::string digest; ///< in lower case
    std::string name;
};

constexpr std::string_view blanks = " \t";

[[noreturn]] void refuse(std::string_view source, const std::string& what) {
    throw Error(ErrorKind::digest, fmt::format("'{}' {}", source, what));
}

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
Kind kind_of_length(std::string_view hex) {
    switch (hex.size()) {
    case 64:
        return Kind::sha256;
    case 128:
        return Kind::sha512;
    case 32:
    case 40:
    case 56:
    case 96:
        return Kind::other;
    default:
        return Kind::broken;
    }
}

bool is_digest(std::string_view text) {
    return is_hex(text) && kind_of_length(text) != Kind::broken;
}

/// What "SHA256", "sha256" or OpenSSL's "SHA2-256" means; other algorithms are other.
Kind kind_of_tag(std::string_view tag) {
    const std::string name = lower_case(tag);
    if (name == "sha256" || name == "sha2-256" || name == "sha-256")
        return Kind::sha256;
    if (name == "sha512" || name == "sha2-512" || name == "sha-512")
        return Kind::sha512;
    return Kind::other;
}

Line tagged(std::size_t number, std::string_view tag, std::string_view digest,
            std::string_view name) {
    Kind kind = kind_of_tag(tag);
    if (kind != Kind::other && (!is_hex(digest) || kind_of_length(digest) != kind))
        kind = Kind::broken;
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
std::optional<Line> parse_tagged(std::string_view text, std::size_t number) {
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
std::optional<Line> parse_gnu(std::string_view text, std::size_t number) {
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
    Line line{number, kind_of_length(hex), lower_case(hex),
              escaped ? unescape(name) : std::string(name)};
    if (!tag.empty() && !name.empty())
        line = tagged(number, tag, hex, name);
    return line;
}

/// "NAME  HEX", "NAME: HEX" and "NAME: SHA256 = HEX", where gpg prints the digits in groups.
std::optional<Line> parse_name_first(std::string_view text, std::size_t number) {
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
            return tag.empty() ? Line{number, kind_of_length(digits), lower_case(digits),
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
    return Line{number, kind_of_length(hex), lower_case(hex), std::string(name)};
}

/// A name and digests of several algorithms, in any order of the columns. Which of two columns of
/// one length is which nobody says.
std::vector<Line> parse_columns(std::string_view text, std::size_t number) {
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
    std::vector<Line> lines;
    for (const std::string_view hex : digests) {
        const auto same = std::count_if(digests.begin(), digests.end(), [&](std::string_view one) {
            return one.size() == hex.size();
        });
        const Kind kind = kind_of_length(hex);
        lines.push_back({number, same > 1 && kind != Kind::other ? Kind::ambiguous : kind,
                         lower_case(hex), std::string(name)});
    }
    return lines;
}

std::vector<Line> parse_line(std::string_view text, std::size_t number) {
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

/// The lines that say something of a file. Others (comments, headings, PGP armour) are passed over:
/// what matters is what is said of the wanted name.
std::vector<Line> parse(std::string_view text) {
    std::vector<Line> lines;
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
        for (Line& found : parse_line(trimmed(whole), first))
            lines.push_back(std::move(found));
    }
    return lines;
}

/// As it is compared: without "./", and with slashes where the list was made on Windows.
std::string plain_name(std::string_view name) {
    std::string plain(name);
    std::replace(plain.begin(), plain.end(), '\\', '/');
    while (plain.starts_with("./"))
        plain.erase(0, 2);
    return plain;
}

bool climbs(std::string_view name) {
    return name == ".." || name.starts_with("../") || name.find("/../") != std::string_view::npos;
}

void refuse_other_content(std::string_view sums, std::string_view source) {
    if (sums.starts_with("\xFF\xFE") || sums.starts_with("\xFE\xFF"))
        refuse(source, "is UTF-16 text, which is not read; pin the content with 'sha256'");
    const std::size_t begin = sums.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (begin == std::string_view::npos)
        refuse(source, "is empty, a checksums file was expected");
    const std::string head = lower_case(sums.substr(begin, 16));
    if (head.starts_with("<!doctype") || head.starts_with("<html") || head.starts_with("<?xml"))
        refuse(source, "is an HTML page, not a checksums file");
    if (sums.find('\0') != std::string_view::npos)
        refuse(source, "is no text, a checksums file was expected");
}

/// How many of the last parts of `path` the name is, all of it; 0 when it is none.
std::size_t matching_parts(std::string_view name, const std::vector<std::string>& path) {
    std::size_t count = 0;
    for (auto part = path.rbegin(); part != path.rend(); ++part) {
        const std::size_t slash = name.rfind('/');
        const std::string_view last =
            slash == std::string_view::npos ? name : name.substr(slash + 1);
        if (last.empty() || last != *part)
            return 0;
        ++count;
        if (slash == std::string_view::npos)
            return count;
        name = name.substr(0, slash);
    }
    return 0;
}

/// The lines with the longest name of those that the path ends with, or with the very name that the
/// manifest says.
std::vector<Line> exactly_about(const std::vector<Line>& lines, const ListedFile& file) {
    std::vector<Line> found;
    std::size_t longest = 1;
    for (const Line& line : lines) {
        const std::string name = plain_name(line.name);
        if (!file.name.empty()) {
            if (name == plain_name(file.name))
                found.push_back(line);
            continue;
        }
        const std::size_t parts = matching_parts(name, file.path);
        if (parts > longest) {
            longest = parts;
            found.clear();
        }
        if (parts == longest)
            found.push_back(line);
    }
    return found;
}

/// The lines whose name has this last part, in whatever directory.
std::vector<Line> in_directories(const std::vector<Line>& lines, std::string_view name) {
    std::vector<Line> found;
    for (const Line& line : lines) {
        const std::string other = plain_name(line.name);
        if (other.ends_with("/" + std::string(name)) && !climbs(other))
            found.push_back(line);
    }
    return found;
}

std::string_view algorithm_of(std::size_t digits) {
    switch (digits) {
    case 32:
        return "MD5";
    case 40:
        return "SHA-1";
    case 56:
        return "SHA-224";
    case 96:
        return "SHA-384";
    default:
        return "another algorithm";
    }
}

/// The digest that all lines of a kind give, or nothing.
std::string agreed(const std::vector<Line>& found, Kind kind, std::string_view file_name,
                   std::string_view source) {
    const Line* first = nullptr;
    for (const Line& line : found) {
        if (line.kind != kind)
            continue;
        if (first == nullptr)
            first = &line;
        else if (line.digest != first->digest)
            refuse(source, fmt::format("has two digests for '{}', in lines {} and {}: it is not "
                                       "clear which one is meant",
                                       printable(file_name, 200), first->number, line.number));
    }
    return first == nullptr ? "" : first->digest;
}

/// What the lines about a file give. At least one of them is about it.
FileDigests digests_of(const std::vector<Line>& found, std::string_view file_name,
                       std::string_view source) {
    for (const Line& line : found) {
        if (line.kind == Kind::broken)
            refuse(source,
                   fmt::format("line {}: '{}' is not a digest; SHA-256 has 64 hex digits, SHA-512 "
                               "has 128",
                               line.number, printable(line.digest, 140)));
        if (line.kind == Kind::ambiguous)
            refuse(source, fmt::format("line {}: has several digests of {} hex digits for '{}', "
                                       "and does not say which of them is {}; pin the content "
                                       "with 'sha256'",
                                       line.number, line.digest.size(), printable(file_name, 200),
                                       line.digest.size() == 64 ? "SHA-256" : "SHA-512"));
    }
    FileDigests digests{agreed(found, Kind::sha256, file_name, source),
                        agreed(found, Kind::sha512, file_name, source)};
    if (digests == FileDigests{})
        refuse(source, fmt::format("line {}: has only a digest of {} for '{}'; SHA-256 or SHA-512 "
                                   "is needed",
                                   found.front().number, algorithm_of(found.front().digest.size()),
                                   printable(file_name, 200)));
    return digests;
}

std::string no_line_for(std::string_view file_name, const std::vector<Line>& lines) {
    std::set<std::string> names;
    for (const Line& line : lines)
        if (!line.name.empty())
            names.insert(line.name);
    if (names.empty())
        return "is not understood: no line has a SHA-256 or SHA-512 digest and the name of a file";
    std::string some;
    constexpr std::size_t most = 3;
    std::size_t shown = 0;
    for (const std::string& name : names) {
        if (shown == most)
            break;
        some += fmt::format("{}'{}'", shown == 0 ? "" : ", ", printable(name, 80));
        ++shown;
    }
    if (names.size() > most)
        some += fmt::format(" and {} other file{}", names.size() - most,
                            names.size() == most + 1 ? "" : "s");
    return fmt::format("has no line for '{}', only for {}; if one of them is meant, name it with "
                       "'checksums_name'",
                       printable(file_name, 200), some);
}

const std::string& name_of(const ListedFile& file) {
    static const std::string none;
    return !file.name.empty() ? file.name : file.path.empty() ? none : file.path.back();
}

std::vector<Line> read_lines(std::string_view sums, std::string_view source) {
    refuse_other_content(sums, source);
    constexpr std::string_view mark = "\xEF\xBB\xBF"; // of UTF-8, which Windows puts in front
    if (sums.starts_with(mark))
        sums.remove_prefix(mark.size());
    return parse(sums);
}

/// The lines about the file; those of other algorithms only when there is nothing else.
template <typename Find>
std::vector<Line> find_lines(std::vector<Line> lines, const Find& find) {
    std::vector<Line> all = find(lines);
    std::erase_if(lines, [](const Line& line) { return line.kind == Kind::other; });
    std::vector<Line> useful = find(lines);
    return useful.empty() ? all : useful;
}

} // namespace

FileDigests find_digests(std::string_view sums, const ListedFile& file,
                         std::string_view shown_source) {
    const std::vector<Line> lines = read_lines(sums, shown_source);
    if (lines.size() == 1 && lines.front().name.empty())
        return digests_of(lines, name_of(file), shown_source);
    const std::vector<Line> found = find_lines(lines, [&](const std::vector<Line>& some) {
        std::vector<Line> exact = exactly_about(some, file);
        return exact.empty() && file.name.empty() ? in_directories(some, name_of(file)) : exact;
    });
    if (found.empty())
        refuse(shown_source, no_line_for(name_of(file), lines));
    return digests_of(found, name_of(file), shown_source);
}

FileDigests find_signed_digests(std::string_view sums, const ListedFile& file,
                                std::string_view shown_source) {
    const std::vector<Line> lines = read_lines(sums, shown_source);
    const std::string& name = name_of(file);
    if (lines.size() == 1 && lines.front().name.empty())
        refuse(shown_source,
               fmt::format("is signed and holds a digest without a name: it may be of "
                           "any file, and not of '{}'",
                           printable(name, 200)));
    const std::vector<Line> found =
        find_lines(lines, [&](const std::vector<Line>& some) { return exactly_about(some, file); });
    if (!found.empty())
        return digests_of(found, name, shown_source);
    const std::vector<Line> similar = in_directories(lines, name);
    refuse(shown_source,
           similar.empty() || !file.name.empty()
               ? no_line_for(name, lines)
               : fmt::format("is signed and has no line for '{}', only for '{}', "
                             "which the URL does not end with; if that is meant, "
                             "name it with 'checksums_name'",
                             printable(name, 200), printable(similar.front().name, 200)));
}

} // namespace provisor
