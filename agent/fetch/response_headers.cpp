// SPDX-License-Identifier: Apache-2.0
#include "fetch/response_headers.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr std::size_t max_lines = 256;
constexpr std::size_t max_bytes = 64 * 1024;
constexpr std::size_t max_etag = 1024;
constexpr std::size_t max_date = 128;

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return copy;
}

bool is_plain_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

} // namespace

bool is_entity_tag(std::string_view text) {
    if (text.size() > max_etag)
        return false;
    if (text.starts_with("W/"))
        text.remove_prefix(2);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"')
        return false;
    text = text.substr(1, text.size() - 2);
    // etagc of RFC 9110, 8.8.3: visible characters without the quote, and obs-text.
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c > 0x20 && c != '"' && c != 0x7F; });
}

std::optional<std::string> ResponseHeaders::take_line(std::string_view line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
        line.remove_suffix(1);
    if (line.starts_with("HTTP/"))
        begin_response(line);
    bytes_ += line.size();
    if (++lines_ > max_lines)
        return fmt::format("more than {} header lines", max_lines);
    if (bytes_ > max_bytes)
        return fmt::format("more than {} bytes of headers", max_bytes);
    const auto control = std::find_if(line.begin(), line.end(), [](unsigned char c) {
        return (c < 0x20 && c != '\t') || c == 0x7F;
    });
    const std::size_t colon = line.find(':');
    const std::string name = lower(line.substr(0, colon));
    // An ETag with such a byte only loses its use as a validator; anywhere else it is a way to
    // smuggle something.
    if (control != line.end() && name != "etag")
        return fmt::format("a control character in the header line '{}'", printable(line, 80));
    if (line.empty() || line.starts_with("HTTP/") || colon == std::string_view::npos)
        return std::nullopt;
    return take_field(name, trimmed(line.substr(colon + 1)));
}

void ResponseHeaders::begin_response(std::string_view line) {
    // The bounds are for all responses of the transfer together.
    const std::size_t lines = lines_;
    const std::size_t bytes = bytes_;
    *this = ResponseHeaders();
    lines_ = lines;
    bytes_ = bytes;
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos)
        std::from_chars(line.data() + space + 1, line.data() + line.size(), status_);
}

std::optional<std::string> ResponseHeaders::take_field(std::string_view name,
                                                       std::string_view value) {
    if (name == "content-length")
        return take_length(value);
    if (name == "transfer-encoding") {
        chunked_ = true;
        if (content_length_)
            return "both a length and a transfer encoding";
    } else if (name == "etag") {
        // Two of them say nothing.
        two_etags_ = two_etags_ || !etag_.empty();
        etag_ = is_entity_tag(value) && !two_etags_ ? value : "";
    } else if (name == "last-modified") {
        last_modified_ = value.size() <= max_date && is_plain_text(value) ? value : "";
    } else if (name == "retry-after") {
        retry_after_ = value.substr(0, max_date);
    } else if (name == "location") {
        location_ = value;
    } else if (name == "content-encoding") {
        content_encoding_ = lower(value);
    }
    return std::nullopt;
}

std::optional<std::string> ResponseHeaders::take_length(std::string_view value) {
    if (content_length_)
        return "two Content-Length headers";
    if (chunked_)
        return "both a length and a transfer encoding";
    std::uint64_t length = 0;
    const char* end = value.data() + value.size();
    const auto [stop, problem] = std::from_chars(value.data(), end, length);
    const bool digits = !value.empty() && value.front() >= '0' && value.front() <= '9';
    if (!digits || problem != std::errc() || stop != end)
        return fmt::format("a Content-Length that is no length: '{}'", printable(value, 40));
    content_length_ = length;
    return std::nullopt;
}

} // namespace provisor
