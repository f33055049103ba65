// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// Host and port as a URL names them (RFC 3986, 3.2), without user information; an IPv6 address
/// with its brackets.
struct Authority {
    std::string_view host;
    std::optional<std::string_view> port; ///< absent when none is named; it may be empty
};

/// The authority of a URL that has "://".
Authority authority_of(std::string_view url);

/// The host of a URL without brackets, in lower case.
std::string host_of(std::string_view url);

/// The origin of an http or https URL (RFC 6454, 4) in one form: "https://host:443".
std::string origin_of(std::string_view url);

/// Whether a URL names a user or a password before its host (RFC 3986, 3.2.1).
bool has_user(std::string_view url);

/// Whether two http or https URLs have one scheme, host and port (RFC 6454, 4). (For where a
/// redirect leads provisor-fetch asks libcurl, which is who goes there.)
bool same_origin(std::string_view one, std::string_view other);

/// The last part of a URL's path, with what is percent-encoded there decoded: the name that the
/// file has where it lies, by which checksums files call it. May be empty.
std::string file_name_of(std::string_view url);

/// The parts of a URL's path between the slashes, each decoded like that.
std::vector<std::string> path_parts_of(std::string_view url);

} // namespace provisor
