// SPDX-License-Identifier: Apache-2.0
#include "trust/checksums.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "trust/checksum_lines.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace provisor {
namespace {

[[noreturn]] void refuse(std::string_view source, const std::string& what) {
    throw Error(ErrorKind::digest, fmt::format("'{}' {}", source, what));
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
std::vector<ChecksumLine> exactly_about(const std::vector<ChecksumLine>& lines,
                                        const ListedFile& file) {
    std::vector<ChecksumLine> found;
    std::size_t longest = 1;
    for (const ChecksumLine& line : lines) {
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
std::vector<ChecksumLine> in_directories(const std::vector<ChecksumLine>& lines,
                                         std::string_view name) {
    std::vector<ChecksumLine> found;
    for (const ChecksumLine& line : lines) {
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
std::string agreed(const std::vector<ChecksumLine>& found, ChecksumKind kind,
                   std::string_view file_name, std::string_view source) {
    const ChecksumLine* first = nullptr;
    for (const ChecksumLine& line : found) {
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
FileDigests digests_of(const std::vector<ChecksumLine>& found, std::string_view file_name,
                       std::string_view source) {
    for (const ChecksumLine& line : found) {
        if (line.kind == ChecksumKind::broken)
            refuse(source,
                   fmt::format("line {}: '{}' is not a digest; SHA-256 has 64 hex digits, SHA-512 "
                               "has 128",
                               line.number, printable(line.digest, 140)));
        if (line.kind == ChecksumKind::ambiguous)
            refuse(source, fmt::format("line {}: has several digests of {} hex digits for '{}', "
                                       "and does not say which of them is {}; pin the content "
                                       "with 'sha256'",
                                       line.number, line.digest.size(), printable(file_name, 200),
                                       line.digest.size() == 64 ? "SHA-256" : "SHA-512"));
    }
    FileDigests digests{agreed(found, ChecksumKind::sha256, file_name, source),
                        agreed(found, ChecksumKind::sha512, file_name, source)};
    if (digests == FileDigests{})
        refuse(source, fmt::format("line {}: has only a digest of {} for '{}'; SHA-256 or SHA-512 "
                                   "is needed",
                                   found.front().number, algorithm_of(found.front().digest.size()),
                                   printable(file_name, 200)));
    return digests;
}

std::string no_line_for(std::string_view file_name, const std::vector<ChecksumLine>& lines) {
    std::set<std::string> names;
    for (const ChecksumLine& line : lines)
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

std::vector<ChecksumLine> read_lines(std::string_view sums, std::string_view source) {
    refuse_other_content(sums, source);
    constexpr std::string_view mark = "\xEF\xBB\xBF"; // of UTF-8, which Windows puts in front
    if (sums.starts_with(mark))
        sums.remove_prefix(mark.size());
    return parse_checksum_lines(sums);
}

/// The lines about the file; those of other algorithms only when there is nothing else.
template <typename Find>
std::vector<ChecksumLine> find_lines(std::vector<ChecksumLine> lines, const Find& find) {
    std::vector<ChecksumLine> all = find(lines);
    std::erase_if(lines, [](const ChecksumLine& line) { return line.kind == ChecksumKind::other; });
    std::vector<ChecksumLine> useful = find(lines);
    return useful.empty() ? all : useful;
}

} // namespace

FileDigests find_digests(std::string_view sums, const ListedFile& file,
                         std::string_view shown_source) {
    const std::vector<ChecksumLine> lines = read_lines(sums, shown_source);
    if (lines.size() == 1 && lines.front().name.empty())
        return digests_of(lines, name_of(file), shown_source);
    const std::vector<ChecksumLine> found =
        find_lines(lines, [&](const std::vector<ChecksumLine>& some) {
            std::vector<ChecksumLine> exact = exactly_about(some, file);
            return exact.empty() && file.name.empty() ? in_directories(some, name_of(file)) : exact;
        });
    if (found.empty())
        refuse(shown_source, no_line_for(name_of(file), lines));
    return digests_of(found, name_of(file), shown_source);
}

FileDigests find_signed_digests(std::string_view sums, const ListedFile& file,
                                std::string_view shown_source) {
    const std::vector<ChecksumLine> lines = read_lines(sums, shown_source);
    const std::string& name = name_of(file);
    if (lines.size() == 1 && lines.front().name.empty())
        refuse(shown_source,
               fmt::format("is signed and holds a digest without a name: it may be of "
                           "any file, and not of '{}'",
                           printable(name, 200)));
    const std::vector<ChecksumLine> found = find_lines(
        lines, [&](const std::vector<ChecksumLine>& some) { return exactly_about(some, file); });
    if (!found.empty())
        return digests_of(found, name, shown_source);
    const std::vector<ChecksumLine> similar = in_directories(lines, name);
    refuse(shown_source,
           similar.empty() || !file.name.empty()
               ? no_line_for(name, lines)
               : fmt::format("is signed and has no line for '{}', only for '{}', "
                             "which the URL does not end with; if that is meant, "
                             "name it with 'checksums_name'",
                             printable(name, 200), printable(similar.front().name, 200)));
}

} // namespace provisor
