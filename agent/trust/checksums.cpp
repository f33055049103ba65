// SPDX-License-Identifier: Apache-2.0
#include "trust/checksums.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace provisor {
namespace {

struct Line {
    std::size_t number = 0;
    std::string digest; ///< as it stands there, in lower case
    std::string name;
};

[[noreturn]] void refuse(std::string_view source, const std::string& what) {
    throw Error(ErrorKind::digest, fmt::format("'{}' {}", source, what));
}

std::string lower(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return copy;
}

bool is_hex(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return std::isxdigit(c) != 0; });
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

/// "SHA256 (NAME) = HEX"
std::optional<Line> parse_bsd(std::string_view text, std::size_t number) {
    constexpr std::string_view begin = "SHA256 (";
    const std::size_t close = text.rfind(") = ");
    if (!text.starts_with(begin) || close == std::string_view::npos)
        return std::nullopt;
    return Line{number, lower(text.substr(close + 4)),
                std::string(text.substr(begin.size(), close - begin.size()))};
}

/// "HEX  NAME" or "HEX *NAME"; the name may be missing.
std::optional<Line> parse_gnu(std::string_view text, std::size_t number) {
    const bool escaped = text.starts_with('\\');
    text.remove_prefix(escaped ? 1 : 0);
    const std::size_t blank = std::min(text.find_first_of(" \t"), text.size());
    if (!is_hex(text.substr(0, blank)))
        return std::nullopt;
    std::string_view name = text.substr(blank);
    name.remove_prefix(std::min<std::size_t>(name.find_first_not_of(" \t"), name.size()));
    if (name.starts_with('*'))
        name.remove_prefix(1);
    return Line{number, lower(text.substr(0, blank)), escaped ? unescape(name) : std::string(name)};
}

/// The lines that say something of a file. Others (comments, PGP armour, digests of other kinds)
/// are passed over: what matters is what is said of the wanted name.
std::vector<Line> parse(std::string_view text) {
    std::vector<Line> lines;
    bool armour = false;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line == "-----BEGIN PGP SIGNED MESSAGE-----")
            armour = true; // its headers, up to an empty line
        else if (line == "-----BEGIN PGP SIGNATURE-----")
            break;
        else if (armour)
            armour = !line.empty();
        else if (auto bsd = parse_bsd(line, number))
            lines.push_back(std::move(*bsd));
        else if (auto gnu = parse_gnu(line, number))
            lines.push_back(std::move(*gnu));
    }
    return lines;
}

std::string_view without_dot(std::string_view name) {
    while (name.starts_with("./"))
        name.remove_prefix(2);
    return name;
}

bool climbs(std::string_view name) {
    return name == ".." || name.starts_with("../") || name.find("/../") != std::string_view::npos;
}

/// The lines about the name: those with just that, else those with folders before it.
std::vector<Line> about(const std::vector<Line>& lines, std::string_view name) {
    std::vector<Line> plain;
    std::vector<Line> in_folders;
    for (const Line& line : lines) {
        const std::string_view found = without_dot(line.name);
        if (found == name)
            plain.push_back(line);
        else if (found.ends_with("/" + std::string(name)) && !climbs(found))
            in_folders.push_back(line);
    }
    return plain.empty() ? in_folders : plain;
}

void refuse_other_content(std::string_view sums, std::string_view source) {
    const std::size_t begin = sums.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (begin == std::string_view::npos)
        refuse(source, "is empty, a SHA256SUMS file was expected");
    const std::string head = lower(sums.substr(begin, 16));
    if (head.starts_with("<!doctype") || head.starts_with("<html") || head.starts_with("<?xml"))
        refuse(source, "is an HTML page, not a SHA256SUMS file");
    if (sums.find('\0') != std::string_view::npos)
        refuse(source, "is no text, a SHA256SUMS file was expected");
}

const std::string& checked(const Line& line, std::string_view source) {
    if (is_sha256(line.digest))
        return line.digest;
    if (line.digest.size() == 128 && is_hex(line.digest))
        refuse(source, fmt::format("line {}: has a digest of 128 hex digits (SHA-512), SHA-256 is "
                                   "expected",
                                   line.number));
    refuse(source, fmt::format("line {}: '{}' is no digest; 64 hex digits are expected",
                               line.number, printable(line.digest, 80)));
}

/// How many of the last parts of `path` the name is, all of it; 0 when it is none.
std::size_t matching_parts(std::string_view name, const std::vector<std::string>& path) {
    name = without_dot(name);
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

/// The lines with the longest name of those that the path ends with.
std::vector<Line> exactly_about(const std::vector<Line>& lines,
                                const std::vector<std::string>& path) {
    std::vector<Line> found;
    std::size_t longest = 1;
    for (const Line& line : lines) {
        const std::size_t parts = matching_parts(line.name, path);
        if (parts > longest) {
            longest = parts;
            found.clear();
        }
        if (parts == longest)
            found.push_back(line);
    }
    return found;
}

/// The one digest that the lines about a file give.
std::string agreed(const std::vector<Line>& found, std::string_view file_name,
                   std::string_view source) {
    const std::string& digest = checked(found.front(), source);
    for (const Line& other : found)
        if (checked(other, source) != digest)
            refuse(source,
                   fmt::format("has two digests for '{}', in lines {} and {}: it is not "
                               "clear which one is meant",
                               printable(file_name, 200), found.front().number, other.number));
    return digest;
}

std::string no_line_for(std::string_view file_name, const std::vector<Line>& lines) {
    return fmt::format("has no line for '{}', only for {} other file{}", printable(file_name, 200),
                       lines.size(), lines.size() == 1 ? "" : "s");
}

} // namespace

std::string find_digest(std::string_view sums, std::string_view file_name,
                        std::string_view shown_source) {
    refuse_other_content(sums, shown_source);
    const std::vector<Line> lines = parse(sums);
    if (lines.size() == 1 && lines.front().name.empty())
        return checked(lines.front(), shown_source);
    const std::vector<Line> found = about(lines, file_name);
    if (found.empty())
        refuse(shown_source, no_line_for(file_name, lines));
    return agreed(found, file_name, shown_source);
}

std::string find_signed_digest(std::string_view sums, const std::vector<std::string>& path,
                               std::string_view shown_source) {
    refuse_other_content(sums, shown_source);
    const std::vector<Line> lines = parse(sums);
    const std::string file_name = path.empty() ? "" : path.back();
    if (lines.size() == 1 && lines.front().name.empty())
        refuse(shown_source,
               fmt::format("is signed and holds a digest without a name: it may be of "
                           "any file, and not of '{}'",
                           printable(file_name, 200)));
    const std::vector<Line> found = exactly_about(lines, path);
    if (!found.empty())
        return agreed(found, file_name, shown_source);
    const std::vector<Line> similar = about(lines, file_name);
    refuse(
        shown_source,
        similar.empty()
            ? no_line_for(file_name, lines)
            : fmt::format("is signed and has no line for '{}', only for '{}', which the URL does "
                          "not end with",
                          printable(file_name, 200), printable(similar.front().name, 200)));
}

} // namespace provisor
