// SPDX-License-Identifier: Apache-2.0
// The head of an answer, line by line, where its Location leads to, and when it may be asked again.
#include "fetch/response_headers.hpp"

#include "base/error.hpp"
#include "fetch/redirect.hpp"
#include "fuzz/target.hpp"
#include "transfer/http_status.hpp"
#include "wire/messages.hpp"
#include "wire/validator_text.hpp"

#include <algorithm>
#include <vector>

namespace provisor::fuzz {
namespace {

/// The complaint about the lines; empty when there is none.
std::string feed(ResponseHeaders& headers, std::string_view input, const char* line_end) {
    for (Input lines(input); !lines.over();)
        if (const auto complaint = headers.take_line(std::string(lines.line()) + line_end))
            return *complaint;
    return "";
}

void check_values(const ResponseHeaders& headers) {
    require(headers.etag().empty() || is_entity_tag(headers.etag()), "an ETag may be sent back");
    require(is_date_text(headers.last_modified()), "a date may be sent back");
    require(is_date_text(headers.retry_after()), "a wait may be shown");
    require(headers.location().find_first_of(std::string("\0\r\n", 3)) == std::string::npos,
            "a Location is of one line");
    if (const auto& range = headers.content_range())
        require(range->first <= range->last && range->last < range->whole,
                "a Content-Range is within its whole");
    if (const auto& use = headers.use_as_dictionary()) {
        require(!use->match.empty(), "a dictionary is for something");
        const auto again = parse_use_as_dictionary("match=" + structured_string(use->match) +
                                                   ", id=" + structured_string(use->id));
        require(again && again->match == use->match && again->id == use->id,
                "a printed Use-As-Dictionary is the same");
    }
}

/// What the fetcher tells of it is taken by the agent.
void check_told(const ResponseHeaders& headers) {
    FetchHead head;
    head.status = static_cast<std::uint64_t>(headers.status());
    head.content_length = headers.content_length();
    head.etag = headers.etag();
    head.last_modified = headers.last_modified();
    head.retry_after = headers.retry_after();
    if (const auto& use = headers.use_as_dictionary()) {
        head.dictionary_match = use->match;
        head.dictionary_id = use->id;
    }
    if (const auto& range = headers.content_range())
        head.whole_length = range->whole;
    require(decode_head(encode(head)) == head, "the agent takes what the fetcher lets pass");
}

void check_redirect(const std::string& location) {
    static const std::string first = "https://user:secret@origin.example:8443/a/b";
    try {
        const std::string target = redirect_target(first, location, first);
        require(target.starts_with("https://"), "https never leads to anything else");
        require(target.find("secret") == std::string::npos || same_origin(target, first) ||
                    location.find("secret") != std::string::npos,
                "credentials go to their origin alone");
        require(target.find_first_of(std::string("\0\r\n #", 5)) == std::string::npos,
                "a target is one word");
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::http, "a refusal is of kind http");
    }
}

void check_wait(const std::string& text) {
    const WallTime now{std::chrono::hours(24 * 365 * 56)};
    if (const auto wait = parse_retry_after(text, now))
        require(wait->count() >= 0 && *wait <= std::chrono::hours(24 * 3660), "a wait has an end");
}

} // namespace

void response_headers(std::string_view input) {
    ResponseHeaders headers;
    const std::string complaint = feed(headers, input, "\r\n");
    ResponseHeaders others;
    // A line that ends with CR of its own is another one once its line end is shorter.
    if (input.find('\r') == std::string_view::npos)
        require(feed(others, input, "\n") == complaint, "both line ends mean the same");
    require(std::none_of(complaint.begin(), complaint.end(),
                         [](unsigned char c) { return c < 0x20 || c == 0x7F; }),
            "a complaint is printable");
    check_values(headers);
    if (!complaint.empty() || !headers.complete())
        return;
    require(headers.status() >= 200 && headers.status() <= 999, "a final status has three digits");
    check_told(headers);
    if (!headers.location().empty())
        check_redirect(headers.location());
    check_wait(headers.retry_after());
}

} // namespace provisor::fuzz
