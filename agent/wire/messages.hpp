// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/content_coding.hpp"
#include "base/error_kind.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// Payload of FrameType::settings. Times are milliseconds, 0 means none. Certificates travel by
/// content, since the fetcher can open no file that only root may read.
struct FetchSettings {
    static constexpr std::uint64_t max_parallel = 1024;

    std::uint64_t connect_timeout = 0;
    std::uint64_t stall_timeout = 0;
    std::uint64_t total_timeout = 0;
    std::uint64_t parallel = 16; ///< from 1 to max_parallel
    std::string min_tls;         ///< "1.2" or "1.3"
    std::string proxy;           ///< empty: the environment's
    std::string ca_pem;          ///< empty: the machine's
    std::string client_cert_pem;
    std::string client_key_pem;
    /// "NAME=value" of the variables that name proxies. Their values may hold passwords, and
    /// /proc/PID/environ shows what a program is started with: so they come this way.
    std::vector<std::string> environment;
    bool operator==(const FetchSettings&) const = default;
};

/// Payload of FrameType::get.
struct FetchRequest {
    std::string url;
    std::string etag;
    std::string last_modified;
    std::uint64_t range_from = 0;  ///< with if_range: only what follows so many bytes
    std::uint64_t range_whole = 0; ///< the length of the whole; 0 if that is not known
    std::string if_range;          ///< a strong entity-tag
    /// Whole lines with credentials; for hops to the origin of `url` alone.
    std::vector<std::string> secret_headers;
    ContentCoding range_coding = ContentCoding::identity; ///< of the bytes that are there
    bool compressed = false;                              ///< the body may come encoded with zstd
    /// The SHA-256 of a content that the body may be encoded against (RFC 9842), in hex; empty for
    /// none.
    std::string dictionary = {};
    std::string dictionary_id = {}; ///< what the origin calls that
    /// Only whether something has changed is of interest: RFC 9110, 13.2.2 has the condition looked
    /// at before a range, so that one byte is asked for if it has.
    bool probe = false;
    /// The client certificate may be shown to the origin of `url`.
    bool client_certificate = false;
    bool operator==(const FetchRequest&) const = default;
};

/// Payload of FrameType::head: of the final response, after redirects.
struct FetchHead {
    std::uint64_t status = 0;
    std::optional<std::uint64_t> content_length;
    /// Of a 206, which then continues exactly at the asked byte and goes to the end: the length of
    /// the whole.
    std::optional<std::uint64_t> whole_length;
    std::string etag;          ///< empty when there is none that is legal to send back
    std::string last_modified; ///< likewise
    std::string retry_after;   ///< as it was sent
    ContentCoding coding = ContentCoding::identity;
    std::string dictionary_match = {}; ///< of Use-As-Dictionary (RFC 9842, 2.1); empty for none
    std::string dictionary_id = {};    ///< likewise
    bool operator==(const FetchHead&) const = default;
};

/// Payload of FrameType::failed.
struct FetchFailure {
    ErrorKind kind = ErrorKind::http;
    std::string message;
    bool operator==(const FetchFailure&) const = default;
};

std::string encode(const FetchSettings& settings);
std::string encode(const FetchRequest& request);
std::string encode(const FetchHead& head);
std::string encode(const FetchFailure& failure);

/// The reverse; each throws Error of kind io for a payload that is cut, too long or otherwise
/// impossible.
FetchSettings decode_settings(std::string_view payload);
FetchRequest decode_request(std::string_view payload);
FetchHead decode_head(std::string_view payload);
FetchFailure decode_failure(std::string_view payload);

} // namespace provisor
