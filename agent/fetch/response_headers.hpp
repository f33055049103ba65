// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/use_as_dictionary.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace provisor {

/// Reads the header lines of a transfer one by one, as libcurl hands them over, and holds what
/// matters of the latest response: each status line begins again, so that after 1xx answers it is
/// the final one's. Trailers are bounded and otherwise ignored.
///
/// Framing is read more strictly than libcurl 7.88 does, which takes the last of two contradicting
/// lengths and calls a body that is too short a success: RFC 9112, 6.3 lets a client refuse, and
/// what is refused cannot poison a cache.
class ResponseHeaders {
public:
    /// Takes one line with or without its line end. Returns a complaint when the response must be
    /// refused.
    std::optional<std::string> take_line(std::string_view line);

    /// Whether the head of a final response is over: what follows is its body.
    bool complete() const { return part_ == Part::body && status_ >= 200; }
    int status() const { return status_; }
    std::optional<std::uint64_t> content_length() const { return content_length_; }
    /// Exactly as sent, when it is a legal validator that may be sent back (RFC 9110, 8.8.3), else
    /// empty.
    const std::string& etag() const { return etag_; }
    const std::string& last_modified() const { return last_modified_; }
    const std::string& retry_after() const { return retry_after_; }
    const std::string& location() const { return location_; }
    /// Lower case; empty for identity.
    const std::string& content_encoding() const { return content_encoding_; }
    const std::optional<UseAsDictionary>& use_as_dictionary() const { return use_as_dictionary_; }
    /// Of "Content-Range: bytes FIRST-LAST/WHOLE" (RFC 9110, 14.4) with all three known; absent for
    /// any other form.
    struct ContentRange {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::uint64_t whole = 0;
    };
    const std::optional<ContentRange>& content_range() const { return content_range_; }

private:
    enum class Part { nothing, head, body };

    std::optional<std::string> begin_response(std::string_view line);
    std::optional<std::string> continue_header(std::string_view line);
    std::optional<std::string> end_header();
    std::optional<std::string> take_header(std::string_view line);
    std::optional<std::string> take_field(std::string_view name, std::string_view value);
    std::optional<std::string> take_length(std::string_view value);
    void take_etag(std::string_view value);
    void take_content_range(std::string_view value);

    Part part_ = Part::nothing;
    std::string header_; ///< the last line, and those that continue it; not yet taken
    int status_ = 0;
    std::size_t lines_ = 0;
    std::size_t bytes_ = 0;
    std::optional<std::uint64_t> content_length_;
    bool chunked_ = false;
    bool has_etag_ = false;
    std::string etag_;
    std::string last_modified_;
    std::string retry_after_;
    std::string location_;
    std::string content_encoding_;
    std::optional<UseAsDictionary> use_as_dictionary_;
    std::optional<ContentRange> content_range_;
    bool has_content_range_ = false;
};

} // namespace provisor
