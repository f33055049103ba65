// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace provisor {

/// A URL as it may be shown and stored where others can read it: without user information
/// (RFC 3986, 3.2.1), and with "…" in place of every value in its query, of the parameters of its
/// path segments (3.3), and of its fragment. Names stay; what has a name only ("?TOKEN") is a
/// value. Which of them are secrets nobody can know: CDNs and object stores sign under names of
/// their own. Control characters are made printable. What is shown already comes back as it is.
std::string shown_url(std::string_view url);

/// A message as it may be shown: its URLs as by shown_url().
std::string shown_text(std::string_view text);

/// A line of a manifest or configuration file as it may be shown: URLs, and what was meant as one,
/// as by shown_url(), and the values of keys that hold secrets (bearer, password, header values,
/// variables with such names) replaced by "…" unless they only name a credential.
std::string shown_line(std::string_view line);

} // namespace provisor
