// SPDX-License-Identifier: Apache-2.0
#include "fetch/address_guard.hpp"

#include "base/text.hpp"
#include "fetch/redirect.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>

namespace provisor {
namespace {

using V6 = std::array<std::uint8_t, 16>;

bool is_local_v4(std::uint32_t address) {
    const auto is_in = [address](std::uint32_t network, unsigned bits) {
        return address >> (32 - bits) == network >> (32 - bits);
    };
    return is_in(0x7F000000, 8) || is_in(0x00000000, 8) || is_in(0xA9FE0000, 16) ||
           // Metadata outside of the link: 100.100.100.200 (Alibaba), 192.0.0.192 (Oracle).
           address == 0x646464C8 || address == 0xC00000C0;
}

bool is_local_v6(const V6& address) {
    static constexpr V6 none{};
    static constexpr V6 mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    static constexpr V6 translated{0, 0x64, 0xFF, 0x9B}; // RFC 6052
    static constexpr V6 metadata{0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
    const auto begins_like = [&](const V6& other) {
        return std::equal(address.begin(), address.begin() + 12, other.begin());
    };
    const std::uint32_t v4 = std::uint32_t{address[12]} << 24U | std::uint32_t{address[13]} << 16U |
                             std::uint32_t{address[14]} << 8U | address[15];
    if (begins_like(mapped) || begins_like(translated))
        return is_local_v4(v4);
    // :: and ::1, and what was IPv4 in IPv6 once
    if (begins_like(none))
        return v4 <= 1 || is_local_v4(v4);
    return (address[0] == 0xFE && (address[1] & 0xC0U) == 0x80) || address == metadata;
}

std::string text_of(const sockaddr* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* bytes = nullptr;
    if (address->sa_family == AF_INET)
        bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    const char* shown = bytes == nullptr
                            ? nullptr
                            : ::inet_ntop(address->sa_family, bytes, text.data(), text.size());
    return shown == nullptr ? "" : shown;
}

int port_of(const sockaddr* address) {
    if (address->sa_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
    return ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port);
}

/// localhost and what is below it (RFC 6761, 6.3).
bool is_localhost(std::string host) {
    while (host.ends_with('.'))
        host.pop_back();
    host = lower_case(host);
    return host == "localhost" || host.ends_with(".localhost");
}

bool names_local_host(const std::string& url) {
    const std::string host = host_and_port_of(url).host;
    return is_local_address(host) || is_localhost(host);
}

bool is_name(const std::string& host) {
    std::array<std::uint8_t, 16> bytes{};
    return ::inet_pton(AF_INET, host.c_str(), bytes.data()) != 1 &&
           ::inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1;
}

} // namespace

bool is_local_address(const std::string& ip) {
    const std::string plain = ip.substr(0, ip.find('%')); // the zone of a link
    in_addr v4{};
    if (::inet_pton(AF_INET, plain.c_str(), &v4) == 1)
        return is_local_v4(ntohl(v4.s_addr));
    V6 v6{};
    return ::inet_pton(AF_INET6, plain.c_str(), v6.data()) == 1 && is_local_v6(v6);
}

AddressGuard::AddressGuard(const FetchSettings& settings, const std::string& url)
    : home_is_local_(names_local_host(url)) {
    const auto add = [this](const std::string& proxy) {
        if (proxy.empty())
            return;
        // As libcurl takes them (CURLOPT_PROXY): http and port 1080 when neither is named.
        const bool has_scheme = proxy.find("://") != std::string::npos;
        proxies_.push_back(host_and_port_of(has_scheme ? proxy : "http://" + proxy, "1080"));
    };
    add(settings.proxy);
    for (const std::string& variable : settings.environment)
        if (const std::size_t equals = variable.find('='); equals != std::string::npos)
            add(variable.substr(equals + 1));
}

void AddressGuard::watch(void* handle, bool redirected) {
    redirected_ = redirected;
    refused_.clear();
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
    // A connection that is there already is not opened, and may be another request's.
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, this);
}

bool AddressGuard::refuses(const std::string& url) const {
    return !home_is_local_ && names_local_host(url);
}

bool AddressGuard::is_proxy(const std::string& ip, int port) const {
    return std::any_of(proxies_.begin(), proxies_.end(), [&](const HostAndPort& proxy) {
        return proxy.port == std::to_string(port) && (is_name(proxy.host) || proxy.host == ip);
    });
}

bool AddressGuard::allows(const std::string& ip, int port) {
    if (!is_local_address(ip) || is_proxy(ip, port))
        return true;
    if (!redirected_)
        home_is_local_ = true;
    else if (!home_is_local_)
        refused_ = ip;
    return refused_.empty();
}

// Called from C: an exception must not pass through libcurl.

int AddressGuard::on_open(void* self, int, curl_sockaddr* address) noexcept {
    try {
        auto& guard = *static_cast<AddressGuard*>(self);
        if (!guard.allows(text_of(&address->addr), port_of(&address->addr)))
            return CURL_SOCKET_BAD;
        return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    } catch (const std::exception&) {
        return CURL_SOCKET_BAD;
    }
}

int AddressGuard::on_request(void* self, char* ip, char*, int port, int) noexcept {
    try {
        return static_cast<AddressGuard*>(self)->allows(ip == nullptr ? "" : ip, port)
                   ? CURL_PREREQFUNC_OK
                   : CURL_PREREQFUNC_ABORT;
    } catch (const std::exception&) {
        return CURL_PREREQFUNC_ABORT;
    }
}

} // namespace provisor
