// SPDX-License-Identifier: Apache-2.0
#include "fetch/redirect.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <utility>

namespace provisor {
namespace {

using Url = CPtr<CURLU, curl_url_cleanup>;

Url parse(const std::string& text) {
    Url url(curl_url());
    if (!url)
        throw std::bad_alloc();
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        url.reset();
    return url;
}

/// Empty when the URL has no such part.
std::string part_of(const Url& url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK)
        return "";
    const CPtr<char, curl_free> owner(text);
    return text;
}

bool same_origin(const Url& one, const Url& other) {
    // Names of hosts have no case, and libcurl leaves it as it was written.
    const auto agree = [&](CURLUPart part) {
        return curl_strequal(part_of(one, part, CURLU_DEFAULT_PORT).c_str(),
                             part_of(other, part, CURLU_DEFAULT_PORT).c_str()) != 0;
    };
    return one && other && agree(CURLUPART_SCHEME) && agree(CURLUPART_HOST) &&
           agree(CURLUPART_PORT);
}

/// Without user information, parameters of the path, query and fragment, which may hold secrets.
std::string shown(const Url& url) {
    const std::string path = part_of(url, CURLUPART_PATH);
    return printable(fmt::format("{}://{}{}", part_of(url, CURLUPART_SCHEME),
                                 part_of(url, CURLUPART_HOST), path.substr(0, path.find(';'))),
                     300);
}

/// The same of a text that is no URL.
std::string shown(const std::string& text) {
    const std::string plain = text.substr(0, text.find_first_of("?#;"));
    const std::size_t at = plain.rfind('@');
    return printable(at == std::string::npos ? plain : "…" + plain.substr(at), 200);
}

} // namespace

bool same_origin(const std::string& one, const std::string& other) {
    return same_origin(parse(one), parse(other));
}

std::string redirect_target(const std::string& current, const std::string& location,
                            const std::string& first) {
    Url url = parse(current);
    const bool secure = part_of(url, CURLUPART_SCHEME) == "https";
    // Spaces and bytes beyond ASCII are met in the wild, and encoded as every client does.
    if (curl_url_set(url.get(), CURLUPART_URL, location.c_str(),
                     CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) != CURLUE_OK)
        throw Error(ErrorKind::http,
                    fmt::format("a redirect to '{}', which is no URL", shown(location)));
    const std::string scheme = part_of(url, CURLUPART_SCHEME);
    if (scheme != "https" && (scheme != "http" || secure))
        throw Error(ErrorKind::http, fmt::format("refused redirect to '{}'", shown(url)));
    const Url manifest = first.empty() ? nullptr : parse(first);
    const bool theirs = !same_origin(url, manifest);
    for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD}) {
        const std::string text = theirs ? "" : part_of(manifest, part);
        curl_url_set(url.get(), part, text.empty() ? nullptr : text.c_str(), 0);
    }
    // A fragment is never sent; without it the text is what the request asks for.
    curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
    return part_of(url, CURLUPART_URL);
}

HostAndPort host_and_port_of(const std::string& url, const std::string& port) {
    const Url parsed = parse(url);
    if (!parsed)
        return {};
    std::string host = part_of(parsed, CURLUPART_HOST);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    std::string named = part_of(parsed, CURLUPART_PORT);
    if (named.empty())
        named = port.empty() ? part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT) : port;
    return {std::move(host), std::move(named)};
}

std::string peer_of(const std::string& url) {
    const auto [host, port] = host_and_port_of(url);
    return host.empty() ? "" : fmt::format("{} port {}", host, port);
}

} // namespace provisor
