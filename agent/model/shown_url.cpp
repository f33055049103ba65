// SPDX-License-Identifier: Apache-2.0
#include "model/shown_url.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>

namespace provisor {
namespace {

constexpr std::string_view hidden = "…";
constexpr std::size_t none = std::string_view::npos;

/// Whether what stands in front of the path is a user and a password with a character that should
/// have been encoded, rather than a host and a port.
bool is_user_of_later_host(std::string_view authority) {
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == none ? 0 : bracket);
    if (colon == none || authority.find('{') != none)
        return false;
    const std::string_view port = authority.substr(colon + 1);
    return !std::all_of(port.begin(), port.end(), is_digit);
}

std::string without_user(std::string_view url) {
    const std::size_t scheme = url.find("://");
    const std::size_t begin = scheme == none ? 0 : scheme + 3;
    const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
    const std::string_view authority = url.substr(begin, end - begin);
    std::size_t at = authority.rfind('@');
    if (at == none && is_user_of_later_host(authority))
        at = url.substr(begin).rfind('@');
    return at == none ? std::string(url)
                      : std::string(url.substr(0, begin)) + std::string(url.substr(begin + at + 1));
}

/// What may be the name of a parameter, and not a value that only stands where names do.
bool is_name(std::string_view text) {
    constexpr std::size_t longest = 64;
    return text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                      std::string_view("-_.~%+:[]$@{}").find(c) != none;
           });
}

/// "name=value" as "name=…". What has no value, or an empty one as a token in base64 has it, is a
/// value itself.
std::string without_value(std::string_view pair) {
    const std::size_t equals = pair.find('=');
    if (pair.empty())
        return "";
    if (equals == none || pair.find_first_not_of('=', equals) == none ||
        !is_name(pair.substr(0, equals)))
        return std::string(hidden);
    return std::string(pair.substr(0, equals + 1)) + std::string(hidden);
}

std::string without_values(std::string_view pairs, std::string_view separators) {
    std::string shown;
    while (!pairs.empty()) {
        const std::size_t end = std::min(pairs.find_first_of(separators), pairs.size());
        shown += without_value(pairs.substr(0, end));
        shown += pairs.substr(end, 1);
        pairs.remove_prefix(std::min(end + 1, pairs.size()));
    }
    return shown;
}

/// Parameters of segments (RFC 3986, 3.3), such as ";jsessionid=…".
std::string without_path_values(std::string_view path) {
    std::string shown;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, end);
        const std::size_t parameters = std::min(segment.find(';'), segment.size());
        shown += segment.substr(0, parameters);
        if (parameters < segment.size())
            shown += ";" + without_values(segment.substr(parameters + 1), ";");
        shown += path.substr(end, 1);
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return shown;
}

/// Where the value begins of a key in which the word at `at` stands; npos if it is no key.
std::size_t value_of_key_at(std::string_view line, std::size_t at, std::size_t size) {
    const std::size_t colon = line.find(':', at + size);
    // Only the key itself, perhaps in quotes, may stand before the colon.
    const bool is_key =
        colon != none &&
        (at == 0 || std::string_view(" {,\"'").find(line[at - 1]) != std::string_view::npos) &&
        line.substr(at + size, colon - at - size).find_first_not_of("\"' ") == none;
    return is_key ? colon + 1 : none;
}

bool is_of_key(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

/// The same for each key that has one of these words in its name.
std::size_t value_of_key_with(std::string_view line, std::string_view word) {
    std::size_t found = none;
    for (std::size_t at = line.find(word); at != none; at = line.find(word, at + 1)) {
        std::size_t begin = at;
        while (begin > 0 && is_of_key(line[begin - 1]))
            --begin;
        std::size_t end = at + word.size();
        while (end < line.size() && is_of_key(line[end]))
            ++end;
        found = std::min(found, value_of_key_at(line, begin, end - begin));
    }
    return found;
}

/// Where the value of a key begins that may hold a secret; npos if the line has no such key.
std::size_t secret_value(std::string_view line) {
    std::size_t found = none;
    for (const std::string_view key : {"bearer", "password", "user", "proxy", "header"})
        // Such a word may well stand in the line before, as a part of something else.
        for (std::size_t at = line.find(key); at != none; at = line.find(key, at + 1))
            found = std::min(found, value_of_key_at(line, at, key.size()));
    // Names of variables (`vars:`) are their owner's.
    for (const std::string_view word : {"token", "secret", "passw", "TOKEN", "SECRET", "PASSW"})
        found = std::min(found, value_of_key_with(line, word));
    return found;
}

constexpr std::string_view quotes = "\"'`";

/// Whether it begins like "user:password@host" or "token@host/".
bool has_user(std::string_view word) {
    const std::size_t at = word.find('@');
    if (at == none || at == 0 || at + 1 == word.size() || word.substr(0, at).find('/') != none)
        return false;
    const bool has_host =
        word[at + 1] == '[' || std::isalnum(static_cast<unsigned char>(word[at + 1])) != 0;
    return has_host && std::isalnum(static_cast<unsigned char>(word.front())) != 0 &&
           (word.substr(0, at).find(':') != none || word.find('/', at) != none);
}

/// Whether a word is a URL, or what was meant as one: its scheme may be missing or misspelt.
bool looks_like_url(std::string_view word) {
    if (word.find("://") != none)
        return true;
    const std::size_t question = word.find('?');
    const std::string_view before = word.substr(0, question);
    // Patterns of names and of versions have question marks, too.
    const bool has_query = question != none && before.find('/') != none &&
                           before.find_first_of("*(^\\") == none && question + 1 < word.size();
    return has_query || has_user(word);
}

/// Whether a quote that opened before is closed by the one at `at`: one that is escaped or doubled
/// (YAML 1.2, 7.3) is followed by more of the text.
bool closes(std::string_view text, std::size_t at) {
    return at + 1 >= text.size() || std::string_view(" \t\r\n,:;.)]}").find(text[at + 1]) != none;
}

/// What a URL without quotes ends with.
enum class Ending {
    blank,  ///< in a message
    comment ///< in YAML, where a plain scalar has blanks: a comment, or what ends it in { } and [ ]
};

std::size_t end_of_url(std::string_view text, std::size_t begin, Ending ending) {
    if (begin > 0 && quotes.find(text[begin - 1]) != none) {
        for (std::size_t at = text.find(text[begin - 1], begin); at != none;
             at = text.find(text[begin - 1], at + 1))
            if (closes(text, at))
                return at;
        return text.size();
    }
    for (std::size_t at = text.find_first_of(" \t\n", begin); at != none;
         at = text.find_first_of(" \t\n", at + 1)) {
        const std::size_t next = text.find_first_not_of(" \t", at);
        if (ending == Ending::blank || next == none ||
            std::string_view("#}]").find(text[next]) != none)
            return at;
        if (text[at - 1] == ',')
            return at - 1;
    }
    return text.size();
}

std::string with_shown_urls(std::string_view text, Ending ending) {
    constexpr std::string_view between = " \t\r\n\"'`[](){}<>,";
    std::string shown;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = std::min(text.find_first_not_of(between, at), text.size());
        shown += text.substr(at, begin - at);
        std::size_t end = std::min(text.find_first_of(" \t\r\n\"'`,}])", begin), text.size());
        const std::string_view word = text.substr(begin, end - begin);
        if (looks_like_url(word)) {
            end = std::max(end_of_url(text, begin, ending), begin);
            shown += shown_url(text.substr(begin, end - begin));
        } else
            shown += word;
        at = end;
    }
    return shown;
}

} // namespace

std::string shown_line(std::string_view line) {
    const std::size_t value = secret_value(line);
    if (value != none && line.substr(value).find_first_not_of(' ') != none) {
        const bool names_only =
            line.find("credential:", value) != none && line.find_first_of(",{", value) == none;
        if (!names_only)
            return with_shown_urls(line.substr(0, value), Ending::comment) + " …";
    }
    return with_shown_urls(line, Ending::comment);
}

std::string shown_text(std::string_view text) { return with_shown_urls(text, Ending::blank); }

std::string shown_url(std::string_view url) {
    constexpr std::size_t longest = 1024;
    const std::string plain = without_user(url);
    const std::string_view rest = plain;
    const std::size_t scheme = rest.find("://");
    const std::size_t path =
        std::min(rest.find_first_of("/?#", scheme == none ? 0 : scheme + 3), rest.size());
    const std::size_t query = std::min(rest.find_first_of("?#"), rest.size());
    const std::size_t fragment = std::min(rest.find('#'), rest.size());
    std::string shown(rest.substr(0, std::min(path, query)));
    if (path < query)
        shown += without_path_values(rest.substr(path, query - path));
    if (query < fragment)
        shown += "?" + without_values(rest.substr(query + 1, fragment - query - 1), "&;");
    if (fragment + 1 < rest.size())
        shown += "#" + std::string(hidden);
    return printable(shown, longest);
}

} // namespace provisor
