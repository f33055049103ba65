// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace provisor {

/// Whether two URLs have scheme, host and port in common: credentials for one are meant for the
/// other, too. False when either is no URL.
bool same_origin(const std::string& one, const std::string& other);

/// Where a Location header (absolute or relative) of an answer from `current` leads. User
/// information is that of `first`, the manifest's URL, when it leads to the same origin, else none;
/// `first` is empty when nothing is to be had of it any more.
/// Throws Error of kind http when that is not to be followed: it is no URL, is neither http nor
/// https, or leads away from https.
std::string redirect_target(const std::string& current, const std::string& location,
                            const std::string& first);

struct HostAndPort {
    std::string host; ///< an IPv6 address without its brackets
    std::string port;
};

/// Host and port of a URL; both empty when it is none. `port` stands for one that is not named, or
/// for that of the scheme when it is empty, too.
HostAndPort host_and_port_of(const std::string& url, const std::string& port = "");

/// Who is connected to for this URL where no proxy is used, in the words of libcurl's messages:
/// "HOST port PORT".
std::string peer_of(const std::string& url);

} // namespace provisor
