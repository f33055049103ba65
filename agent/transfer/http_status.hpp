// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace provisor {

class Error;

/// Whether the request carried any.
enum class Credentials { none, sent };

/// The Error for a final response that is neither a body nor an expected 304: what it is, and where
/// a remedy is known, what to do. `shown_url` is without secrets.
Error status_error(int status, const std::string& shown_url, Credentials credentials,
                   std::string_view retry_after, WallTime now);

/// How long an origin asks to be left alone (RFC 9110, 10.2.3): seconds, or an HTTP date seen from
/// `now`; a date in the past is zero, and ten years are the most. Absent for anything else.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, WallTime now);

} // namespace provisor
