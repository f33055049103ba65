// SPDX-License-Identifier: Apache-2.0
#include "model/syntax.hpp"

#include "base/temporary_name.hpp"
#include "base/text.hpp"
#include "model/shown_url.hpp"
#include "model/url.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fmt/format.h>

namespace provisor {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool all_of(std::string_view text, bool (*predicate)(char)) {
    return std::all_of(text.begin(), text.end(), predicate);
}

bool is_port(std::string_view text) {
    int port = 0;
    const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    return !text.empty() && problem == std::errc() && stop == text.data() + text.size() &&
           port > 0 && port < 65536;
}

} // namespace

std::optional<std::string> find_name_fault(std::string_view name) {
    const bool fine = !name.empty() && name.size() <= 64 && is_lower_or_digit(name.front()) &&
                      all_of(name, [](char c) {
                          return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-';
                      });
    if (fine)
        return std::nullopt;
    return fmt::format("'{}' is no component name: at most 64 of a-z, 0-9, '.', '_', '-', "
                       "beginning with a letter or digit",
                       printable(name, 80));
}

std::optional<std::string> find_path_fault(std::string_view path) {
    const std::string shown = printable(path, 200);
    if (!path.starts_with('/'))
        return fmt::format("'{}' is not an absolute path", shown);
    if (path.size() > 4095)
        return "the path is longer than 4095 bytes";
    if (std::any_of(path.begin(), path.end(),
                    [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
        return fmt::format("'{}' has a control character in it", shown);
    if (path.ends_with('/'))
        return fmt::format("'{}' ends with '/': a file is expected, not a directory", shown);
    for (std::string_view rest = path.substr(1);;) {
        const std::size_t slash = rest.find('/');
        const std::string_view part = rest.substr(0, slash);
        if (part.empty() || part == "." || part == "..")
            return fmt::format("'{}' is not a normal path: write it without '//', '.' and '..'",
                               shown);
        if (part.size() > 255)
            return fmt::format("'{}' has a part of more than 255 bytes", shown);
        if (slash == std::string_view::npos && is_temporary_name(part))
            return fmt::format("'{}' has a name of provisor's own temporary files, which a pass "
                               "removes",
                               shown);
        if (slash == std::string_view::npos)
            return std::nullopt;
        rest.remove_prefix(slash + 1);
    }
}

std::optional<std::string> find_url_fault(std::string_view url) {
    const std::string shown = printable(shown_url(url), 200);
    if (url.size() > 4096)
        return "the URL is longer than 4096 bytes";
    if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7F; }))
        return fmt::format("'{}' has a character that a URL cannot have: percent-encode it", shown);
    if (url.starts_with("file://"))
        return find_path_fault(url.substr(7))
                   ? std::optional(fmt::format("'{}' is not file:// and an absolute path", shown))
                   : std::nullopt;
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        return fmt::format(
            "'{}' is no URL that can be fetched: https://, http:// or file:// is expected", shown);
    const Authority authority = authority_of(url);
    if (authority.host.empty())
        return fmt::format("'{}' names no host", shown);
    if (authority.port && !is_port(*authority.port))
        return fmt::format("'{}' has an impossible port", shown);
    return std::nullopt;
}

std::optional<std::string> find_header_fault(std::string_view name) {
    // What frames a request, says where it goes, or is provisor's own to say.
    static constexpr std::array others{"accept-encoding",
                                       "available-dictionary",
                                       "cache-control",
                                       "connection",
                                       "content-length",
                                       "dictionary-id",
                                       "expect",
                                       "host",
                                       "http2-settings",
                                       "if-match",
                                       "if-modified-since",
                                       "if-none-match",
                                       "if-range",
                                       "if-unmodified-since",
                                       "keep-alive",
                                       "proxy-authorization",
                                       "proxy-connection",
                                       "range",
                                       "te",
                                       "trailer",
                                       "transfer-encoding",
                                       "upgrade"};
    const auto is_token = [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                   std::string_view::npos;
    };
    if (name.empty() || name.size() > 128 || !std::all_of(name.begin(), name.end(), is_token))
        return fmt::format("'{}' is not the name of a header: letters, digits and - are expected",
                           printable(name, 80));
    if (std::find(others.begin(), others.end(), lower_case(name)) != others.end())
        return fmt::format("'{}' is a header that provisor sets itself, or that would change what "
                           "the request is",
                           name);
    return std::nullopt;
}

std::optional<std::string> find_unit_fault(std::string_view unit) {
    static constexpr std::array suffixes{".service", ".socket",    ".target", ".timer", ".path",
                                         ".mount",   ".automount", ".swap",   ".slice"};
    const std::string shown = printable(unit, 80);
    const auto suffix = std::find_if(suffixes.begin(), suffixes.end(),
                                     [&](const char* s) { return unit.ends_with(s); });
    if (suffix == suffixes.end())
        return fmt::format(
            "'{}' is no unit name: it must end in .service, .timer, .socket or another unit type",
            shown);
    const std::string_view stem = unit.substr(0, unit.rfind('.'));
    const bool fine =
        unit.size() <= 255 && !stem.empty() && stem.front() != '@' && all_of(stem, [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                   std::string_view(":-_.\\@").find(c) != std::string_view::npos;
        });
    if (fine && !stem.ends_with('@'))
        return std::nullopt;
    if (fine)
        return fmt::format("'{}' is a template; name an instance", shown);
    return fmt::format(
        "'{}' is no unit name: letters, digits and ':-_.\\@' are expected, at most 255", shown);
}

std::optional<std::string> find_account_fault(std::string_view name) {
    const bool number = !name.empty() && name.size() <= 9 && all_of(name, is_digit);
    const bool word = !name.empty() && name.size() <= 32 && !is_digit(name.front()) &&
                      name.front() != '-' && all_of(name, [](char c) {
                          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
                                 c == '-' || c == '.';
                      });
    if (number || word)
        return std::nullopt;
    return fmt::format("'{}' is no user or group: a name or a decimal id is expected",
                       printable(name, 80));
}

std::optional<std::string> find_tcp_fault(std::string_view address) {
    const std::string shown = printable(address, 80);
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos || !is_port(address.substr(colon + 1)))
        return fmt::format("'{}' is no address: \"host:port\" is expected", shown);
    const std::string_view host = address.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    // It becomes part of a URL (RFC 3986, 3.2.2), of which it must not be more than the host.
    const std::string_view marks = bracketed ? ":.%-_" : ".-_";
    const std::string_view inner = bracketed ? host.substr(1, host.size() - 2) : host;
    if (!inner.empty() && std::all_of(inner.begin(), inner.end(), [&](unsigned char c) {
            return std::isalnum(c) != 0 ||
                   marks.find(static_cast<char>(c)) != std::string_view::npos;
        }))
        return std::nullopt;
    return fmt::format("'{}' is no address: \"host:port\" is expected, with an IPv6 address as in "
                       "\"[::1]:80\"",
                       shown);
}

std::optional<std::string> find_proxy_fault(std::string_view proxy) {
    static constexpr std::array<std::string_view, 6> schemes{"http",    "https",  "socks4",
                                                             "socks4a", "socks5", "socks5h"};
    const bool words = std::any_of(proxy.begin(), proxy.end(),
                                   [](unsigned char c) { return c <= 0x20 || c >= 0x7F; });
    const std::size_t scheme = proxy.find("://");
    const bool known =
        scheme == std::string_view::npos ||
        std::find(schemes.begin(), schemes.end(), proxy.substr(0, scheme)) != schemes.end();
    const std::string url =
        (scheme == std::string_view::npos ? "http://" : "") + std::string(proxy);
    const Authority authority = authority_of(url);
    if (!words && known && !authority.host.empty() && (!authority.port || is_port(*authority.port)))
        return std::nullopt;
    // What was written may hold a password.
    return "one like \"http://proxy.example:3128\" is expected (http, https, socks4, socks4a, "
           "socks5 or socks5h)";
}

std::optional<mode_t> parse_mode(std::string_view text) {
    const bool octal = (text.size() == 3 || text.size() == 4) &&
                       all_of(text, [](char c) { return c >= '0' && c <= '7'; });
    if (!octal)
        return std::nullopt;
    mode_t mode = 0;
    std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    return mode;
}

} // namespace provisor
