// SPDX-License-Identifier: Apache-2.0
#include "model/shown_url.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace provisor {
namespace {

/// Parts of names under which object stores, CDNs and forges pass secrets in a query (S3's
/// X-Amz-Signature, Azure's sig, Google's X-Goog-Credential, private_token, access_key ...).
constexpr std::array secret_words{"sig",      "token",  "key",  "secret", "credential",
                                  "password", "passwd", "auth", "hmac"};

bool carries_secret(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::any_of(secret_words.begin(), secret_words.end(),
                       [&](const char* word) { return lower.find(word) != std::string::npos; });
}

std::string without_user(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos)
        return std::string(url);
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
    const std::size_t at = url.substr(begin, end - begin).rfind('@');
    return at == std::string_view::npos
               ? std::string(url)
               : std::string(url.substr(0, begin)) + std::string(url.substr(begin + at + 1));
}

std::string without_secrets(std::string_view query) {
    std::string shown;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find_first_of("&;"), query.size());
        const std::string_view pair = query.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos && carries_secret(pair.substr(0, equals)))
            shown += std::string(pair.substr(0, equals + 1)) + "…";
        else
            shown += pair;
        shown += query.substr(end, 1);
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return shown;
}

/// Where the value begins of a key that stands there; npos if it does not.
std::size_t value_of_key_at(std::string_view line, std::size_t at, std::size_t size) {
    const std::size_t colon = line.find(':', at + size);
    // Only the key itself, perhaps in quotes, may stand before the colon.
    const bool is_key =
        colon != std::string_view::npos &&
        (at == 0 || std::string_view(" {,\"'").find(line[at - 1]) != std::string_view::npos) &&
        line.substr(at + size, colon - at - size).find_first_not_of("\"' ") ==
            std::string_view::npos;
    return is_key ? colon + 1 : std::string_view::npos;
}

/// Where the value of a key begins that may hold a secret; npos if the line has no such key.
std::size_t secret_value(std::string_view line) {
    std::size_t found = std::string_view::npos;
    for (const std::string_view key : {"bearer", "password", "user", "proxy", "header"})
        // Such a word may well stand in the line before, as a part of something else.
        for (std::size_t at = line.find(key); at != std::string_view::npos;
             at = line.find(key, at + 1))
            found = std::min(found, value_of_key_at(line, at, key.size()));
    return found;
}

std::string with_shown_urls(std::string_view line) {
    std::string shown;
    for (;;) {
        const std::size_t scheme = line.find("://");
        if (scheme == std::string_view::npos)
            return shown + std::string(line);
        // What is neither blank nor a bracket or quote belongs to the URL.
        const std::size_t end = std::min(line.find_first_of(" \"',]}", scheme), line.size());
        const std::size_t before = line.find_last_of(" \"'[{,", scheme);
        const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
        shown += line.substr(0, begin);
        shown += shown_url(line.substr(begin, end - begin));
        line.remove_prefix(end);
    }
}

} // namespace

std::string shown_line(std::string_view line) {
    const std::size_t value = secret_value(line);
    if (value != std::string_view::npos &&
        line.substr(value).find_first_not_of(' ') != std::string_view::npos) {
        const bool names_only = line.find("credential:", value) != std::string_view::npos &&
                                line.find_first_of(",{", value) == std::string_view::npos;
        if (!names_only)
            return with_shown_urls(line.substr(0, value)) + " …";
    }
    return with_shown_urls(line);
}

std::string shown_url(std::string_view url) {
    const std::string plain = without_user(url);
    const std::size_t question = plain.find('?');
    if (question == std::string::npos)
        return printable(plain, 1024);
    return printable(plain.substr(0, question + 1) +
                         without_secrets(std::string_view(plain).substr(question + 1)),
                     1024);
}

} // namespace provisor
