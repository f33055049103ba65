// SPDX-License-Identifier: Apache-2.0
#include "model/url.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace provisor {
namespace {

std::string_view scheme_of(std::string_view url) {
    return url.substr(0, std::min(url.find("://"), url.size()));
}

/// What a character may stand for that is not written as itself (RFC 3986, 2.1); a '%' that
/// encodes nothing stands for itself.
std::string percent_decoded(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        unsigned char byte = 0;
        const char* const digits = text.data() + 1;
        const bool encoded = text.size() >= 3 && text.front() == '%' &&
                             std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
        plain += encoded ? static_cast<char>(byte) : text.front();
        text.remove_prefix(encoded ? 3 : 1);
    }
    return plain;
}

std::string port_of(std::string_view url) {
    if (const auto port = authority_of(url).port)
        return std::string(*port);
    return scheme_of(url) == "https" ? "443" : "80";
}

} // namespace

Authority authority_of(std::string_view url) {
    url.remove_prefix(std::min(scheme_of(url).size() + 3, url.size()));
    url = url.substr(0, url.find_first_of("/?#"));
    if (const std::size_t at = url.rfind('@'); at != std::string_view::npos)
        url.remove_prefix(at + 1);
    // An IPv6 address has colons of its own, in brackets.
    const std::size_t bracket = url.rfind(']');
    const std::size_t colon = url.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon == std::string_view::npos)
        return {url, std::nullopt};
    return {url.substr(0, colon), url.substr(colon + 1)};
}

std::string host_of(std::string_view url) {
    std::string_view name = authority_of(url).host;
    if (name.starts_with('[') && name.ends_with(']'))
        name = name.substr(1, name.size() - 2);
    return lower_case(name);
}

std::string origin_of(std::string_view url) {
    return std::string(scheme_of(url)) + "://" + host_of(url) + ":" + port_of(url);
}

bool has_user(std::string_view url) {
    url.remove_prefix(std::min(scheme_of(url).size() + 3, url.size()));
    return url.substr(0, url.find_first_of("/?#")).find('@') != std::string_view::npos;
}

bool same_origin(std::string_view one, std::string_view other) {
    return origin_of(one) == origin_of(other);
}

std::string file_name_of(std::string_view url) {
    const std::vector<std::string> parts = path_parts_of(url);
    return parts.empty() ? "" : parts.back();
}

std::vector<std::string> path_parts_of(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    std::size_t slash = url.find('/', std::min(scheme_of(url).size() + 3, url.size()));
    std::vector<std::string> parts;
    while (slash != std::string_view::npos) {
        url.remove_prefix(slash + 1);
        slash = url.find('/');
        parts.push_back(percent_decoded(url.substr(0, slash)));
    }
    return parts;
}

} // namespace provisor
