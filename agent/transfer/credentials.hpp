// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

struct AuthSpec;

/// Where secrets are looked for, first one first.
struct CredentialPlaces {
    std::vector<std::filesystem::path> folders; ///< files named like the credential
    std::vector<std::filesystem::path> netrc;   ///< files in the format of netrc(5)
};

struct Login {
    std::string user;
    std::string password;
    bool operator==(const Login&) const = default;
};

/// The header lines that carry a component's credentials to `url`; empty when netrc knows nothing
/// of its host. Throws Error of kind config, which names the credential and the places but never
/// shows a secret, when one is missing, unreadable, or cannot be a header's value.
std::vector<std::string> credential_headers(const AuthSpec& auth, const std::string& url,
                                            const CredentialPlaces& places);

/// What a netrc file says of a host: its machine entry, else its default; absent when there is
/// neither. Understands quoted tokens, comments and macdef; the first entry for a host counts.
std::optional<Login> find_login(std::string_view netrc, std::string_view host);

} // namespace provisor
