// SPDX-License-Identifier: Apache-2.0
#include "transfer/http_status.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fmt/format.h>

namespace provisor {
namespace {

/// Ten years: nobody waits longer, and what is added to it stays within every clock.
constexpr std::chrono::seconds longest_wait(315'360'000);

/// The phrases of RFC 9110, 15, for the statuses that are met in practice; servers' own phrases are
/// not shown.
std::string_view phrase_of(int status) {
    switch (status) {
    case 204:
        return " No Content";
    case 206:
        return " Partial Content";
    case 304:
        return " Not Modified";
    case 400:
        return " Bad Request";
    case 401:
        return " Unauthorized";
    case 403:
        return " Forbidden";
    case 404:
        return " Not Found";
    case 407:
        return " Proxy Authentication Required";
    case 410:
        return " Gone";
    case 416:
        return " Range Not Satisfiable";
    case 429:
        return " Too Many Requests";
    case 500:
        return " Internal Server Error";
    case 502:
        return " Bad Gateway";
    case 503:
        return " Service Unavailable";
    case 504:
        return " Gateway Timeout";
    default:
        return "";
    }
}

std::string_view remedy_for(int status, Credentials credentials) {
    switch (status) {
    case 304:
        return ": a 304 without a condition";
    case 401:
    case 403:
        return credentials == Credentials::sent ? ": the credentials (auth:) were refused"
                                                : ": it needs credentials: set auth";
    case 407:
        return ": the proxy needs credentials";
    case 404:
    case 410:
        return ": is the version published, and the URL right?";
    default:
        break;
    }
    if (status >= 200 && status < 300)
        return ": only 200 carries an artifact";
    if (status >= 300 && status < 400)
        return ": a redirect that leads nowhere";
    return "";
}

} // namespace

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, WallTime now) {
    std::int64_t seconds = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, seconds);
    if (problem == std::errc() && stop == end && seconds >= 0)
        return std::min(std::chrono::seconds(seconds), longest_wait);
    std::tm parts{};
    const std::string copy(text);
    // IMF-fixdate; the two obsolete forms are not worth a parser for a mere hint.
    const char* rest = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (rest == nullptr || *rest != '\0')
        return std::nullopt;
    const auto then = std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
    return std::clamp(std::chrono::floor<std::chrono::seconds>(then - now), std::chrono::seconds(0),
                      longest_wait);
}

Error status_error(int status, const std::string& shown_url, Credentials credentials,
                   std::string_view retry_after, WallTime now) {
    Error error(ErrorKind::http, fmt::format("HTTP {}{} from '{}'{}", status, phrase_of(status),
                                             shown_url, remedy_for(status, credentials)));
    error.url = shown_url;
    error.http_status = status;
    if (status == 429 || status == 503)
        error.retry_after = parse_retry_after(retry_after, now);
    return error;
}

} // namespace provisor
