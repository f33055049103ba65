// SPDX-License-Identifier: Apache-2.0
#include "fetch/response_headers.hpp"

#include "base/text.hpp"
#include "wire/validator_text.hpp"

#include <algorithm>
#include <charconv>
#include <curl/curl.h>
#include <fmt/format.h>
#include <utility>

namespace provisor {
namespace {

constexpr std::size_t max_lines = 256;
constexpr std::size_t max_bytes = std::size_t{64} * 1024;
constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

bool is_control(unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; }

} // namespace

std::optional<std::string> ResponseHeaders::take_line(std::string_view line) {
    if (line.ends_with('\n'))
        line.remove_suffix(1);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    bytes_ += line.size();
    if (++lines_ > max_lines)
        return fmt::format("more than {} header lines", max_lines);
    if (bytes_ > max_bytes)
        return fmt::format("more than {} bytes of headers", max_bytes);
    if (part_ != Part::head && line.starts_with("HTTP/"))
        return begin_response(line);
    if (part_ == Part::nothing)
        return "an answer without a status line";
    if (part_ == Part::body)
        return std::nullopt;
    if (line.empty()) {
        part_ = Part::body;
        return end_header();
    }
    if (blanks.find(line.front()) != std::string_view::npos)
        return continue_header(line);
    std::optional<std::string> complaint = end_header();
    header_ = line;
    return complaint;
}

/// RFC 9112, 5.2: what goes on in another line is as if there were blanks in place of the line end.
/// A length that does is one to this reader and another to the next.
std::optional<std::string> ResponseHeaders::continue_header(std::string_view line) {
    const std::string name = lower_case(header_.substr(0, header_.find(':')));
    if (header_.empty())
        return "a malformed header line, which continues no other";
    if (name == "content-length" || name == "transfer-encoding")
        return fmt::format("the header '{}' in two lines", name);
    header_.append(" ").append(trimmed(line));
    return std::nullopt;
}

std::optional<std::string> ResponseHeaders::end_header() {
    const std::string header = std::exchange(header_, {});
    return header.empty() ? std::nullopt : take_header(header);
}

std::optional<std::string> ResponseHeaders::begin_response(std::string_view line) {
    // The bounds are for all responses of the transfer together.
    const std::size_t lines = lines_;
    const std::size_t bytes = bytes_;
    *this = ResponseHeaders();
    lines_ = lines;
    bytes_ = bytes;
    part_ = Part::head;
    const std::string_view rest = line.substr(std::min(line.find(' '), line.size()));
    if (rest.size() >= 4)
        std::from_chars(rest.data() + 1, rest.data() + 4, status_);
    if (status_ < 100 || (rest.size() > 4 && rest[4] != ' ') ||
        std::any_of(line.begin(), line.end(), is_control))
        return fmt::format("a malformed status line '{}'", printable(line, 80));
    return std::nullopt;
}

std::optional<std::string> ResponseHeaders::take_header(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view raw_name = line.substr(0, colon);
    // A name with blanks is a header to one reader and none to the next (RFC 9112, 5.1).
    if (colon == std::string_view::npos || raw_name.empty() ||
        raw_name.find_first_of(blanks) != std::string_view::npos)
        // Never the line itself: it may be the rest of a signed address.
        return "a malformed header line";
    const std::string name = lower_case(raw_name);
    // An ETag with such a byte only loses its use as a validator; anywhere else it is a way to
    // smuggle something. NUL ends C strings and is never right.
    if (line.find('\0') != std::string_view::npos ||
        (name != "etag" && std::any_of(line.begin(), line.end(), is_control)))
        return fmt::format("a control character in the header '{}'", printable(raw_name, 80));
    return take_field(name, trimmed(line.substr(colon + 1)));
}

std::optional<std::string> ResponseHeaders::take_field(std::string_view name,
                                                       std::string_view value) {
    if (name == "content-length")
        return take_length(value);
    if (name == "transfer-encoding") {
        if (lower_case(value) != "chunked" || chunked_)
            return fmt::format("the Transfer-Encoding '{}'", printable(value, 40));
        chunked_ = true;
        if (content_length_)
            return "both a Content-Length and a Transfer-Encoding";
    } else if (name == "etag") {
        take_etag(value);
    } else if (name == "last-modified") {
        // What is no date is no condition, and may be a tag that changes with each response.
        last_modified_ =
            is_date_text(value) && ::curl_getdate(std::string(value).c_str(), nullptr) != -1 ? value
                                                                                             : "";
    } else if (name == "retry-after") {
        retry_after_ = is_date_text(value) ? value : "";
    } else if (name == "location") {
        if (!location_.empty() && location_ != value)
            return "two Location headers";
        location_ = value;
    } else if (name == "content-range") {
        take_content_range(value);
    } else if (name == "content-encoding" && lower_case(value) != "identity") {
        // Several lines are one list (RFC 9110, 5.3), which is none of those that are known.
        content_encoding_ += (content_encoding_.empty() ? "" : ", ") + lower_case(value);
    } else if (name == "use-as-dictionary") {
        use_as_dictionary_ = parse_use_as_dictionary(value);
    }
    return std::nullopt;
}

std::optional<std::string> ResponseHeaders::take_length(std::string_view value) {
    if (content_length_)
        return "two Content-Length headers";
    if (chunked_)
        return "both a Content-Length and a Transfer-Encoding";
    std::uint64_t length = 0;
    const char* end = value.data() + value.size();
    const auto [stop, problem] = std::from_chars(value.data(), end, length);
    if (problem != std::errc() || stop != end)
        return fmt::format("a Content-Length that is no length: '{}'", printable(value, 40));
    content_length_ = length;
    return std::nullopt;
}

void ResponseHeaders::take_content_range(std::string_view value) {
    // Two of them say nothing, like one of another form.
    content_range_.reset();
    if (std::exchange(has_content_range_, true) || !lower_case(value).starts_with("bytes "))
        return;
    value = trimmed(value.substr(6));
    ContentRange range;
    const auto take = [&value](std::uint64_t& number, std::string_view after) {
        const auto [stop, problem] =
            std::from_chars(value.data(), value.data() + value.size(), number);
        if (problem != std::errc())
            return false;
        value.remove_prefix(static_cast<std::size_t>(stop - value.data()));
        const bool followed = after.empty() ? value.empty() : value.starts_with(after);
        value.remove_prefix(followed ? after.size() : 0);
        return followed;
    };
    if (take(range.first, "-") && take(range.last, "/") && take(range.whole, "") &&
        range.first <= range.last && range.last < range.whole)
        content_range_ = range;
}

void ResponseHeaders::take_etag(std::string_view value) {
    // Two of them say nothing.
    etag_ = !has_etag_ && is_entity_tag(value) ? value : "";
    has_etag_ = true;
}

} // namespace provisor
