// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace provisor {

struct Component;

/// What the trusted comment of a signature says, where it has the form that minisign(1) gives it:
/// "timestamp:SECONDS<tab>file:NAME<tab>hashed". A vendor may write any other text there, which
/// says nothing.
struct TrustedComment {
    std::int64_t signed_at = 0; ///< seconds since 1970; 0: it does not say
    std::string file;           ///< the name of what was signed; empty: it does not say
    bool operator==(const TrustedComment&) const = default;
};

/// Only whole fields between tabs count: "timestamp:" with 1 to 18 digits, and "file:" with a name.
TrustedComment parse_trusted_comment(std::string_view text);

/// What is wrong with a good signature, by its trusted comment: it is of another file than `url`
/// names with its last part, or older than `latest`, the latest that was accepted for the component
/// (0: none). Absent when nothing is, or when the comment does not say. With allow_downgrade its
/// age does not matter.
std::optional<std::string> find_comment_fault(const TrustedComment& comment, std::string_view url,
                                              const Component& component, std::int64_t latest);

/// The latest time of signing once content that was signed at `signed_at` (0: not known) is
/// accepted. allow_downgrade makes an earlier one right.
std::int64_t latest_after(const Component& component, std::int64_t latest, std::int64_t signed_at);

} // namespace provisor
