// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fetch/redirect.hpp"
#include "wire/messages.hpp"

#include <cstdint>
#include <string>
#include <vector>

struct curl_sockaddr;
struct sockaddr;

namespace provisor {

/// Keeps redirects away from this machine itself and its link: an origin elsewhere must not have
/// its way with what only answers there (a service on loopback, the metadata of a cloud). It looks
/// at the address that is connected to, whatever the name of the host is said to be this time. Who
/// names such an address in the manifest means it, and may be redirected there.
class AddressGuard {
public:
    /// For a request whose first hop is `url`.
    AddressGuard(const FetchSettings& settings, const std::string& url);
    AddressGuard(const AddressGuard&) = delete;
    AddressGuard& operator=(const AddressGuard&) = delete;

    /// Watches over a hop of `handle` (a CURL*), the first one or one that a redirect led to.
    void watch(void* handle, bool redirected);
    /// The address that the hop was kept from, if it failed; else empty.
    const std::string& refused() const { return refused_; }
    /// Whether a redirect to this URL is refused for its text: with a proxy nobody here sees the
    /// address.
    bool refuses(const std::string& url) const;

private:
    static int on_open(void* self, int purpose, curl_sockaddr* address) noexcept;
    static int on_request(void* self, char* ip, char* local_ip, int port, int local_port) noexcept;
    bool allows(const std::string& ip, int port);
    bool is_proxy(const std::string& ip, int port) const;

    std::vector<HostAndPort> proxies_;
    bool redirected_ = false;
    bool home_is_local_; ///< the first hop names such an address, or went to one
    std::string refused_;
};

/// Whether an IP address, as text, is of this machine or its link: loopback, unspecified,
/// link-local (RFC 6890), or where clouds have their metadata. False for a text that is none.
bool is_local_address(const std::string& ip);

} // namespace provisor
