// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace provisor {

/// A URL as it may be shown and stored: without user information (RFC 3986, 3.2.1), and with the
/// values of query parameters that are known to carry secrets (signatures, tokens, keys,
/// credentials) replaced by "…". Control characters are made printable.
std::string shown_url(std::string_view url);

/// A line of a manifest or configuration file as it may be shown: URLs as by shown_url, and the
/// values of keys that hold secrets (bearer, password, header values) replaced by "…" unless they
/// only name a credential.
std::string shown_line(std::string_view line);

} // namespace provisor
