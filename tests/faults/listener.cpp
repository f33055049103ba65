// SPDX-License-Identifier: Apache-2.0
#include "faults/listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>

namespace provisor::test {
namespace {

/// With a backlog of 0 Linux takes one connection, and drops the SYNs of those that come then.
constexpr int queue_filling = 4;

/// An address of either family.
union Address {
    sockaddr any;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
};

Address loopback(Listener::Family family, std::uint16_t port) {
    Address address{};
    if (family == Listener::Family::ipv4) {
        address.ipv4.sin_family = AF_INET;
        address.ipv4.sin_port = htons(port);
        address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        address.ipv6.sin6_family = AF_INET6;
        address.ipv6.sin6_port = htons(port);
        address.ipv6.sin6_addr = in6addr_loopback;
    }
    return address;
}

Fd tcp_socket(Listener::Family family, int flags) {
    return Fd(::socket(family == Listener::Family::ipv4 ? AF_INET : AF_INET6,
                       SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

} // namespace

Listener::Listener(How how, Family family, std::uint16_t port)
    : how_(how), socket_(tcp_socket(family, 0)) {
    Address address = loopback(family, port);
    socklen_t size = family == Family::ipv4 ? sizeof address.ipv4 : sizeof address.ipv6;
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(socket_.get(), &address.any, size) != 0 ||
        ::getsockname(socket_.get(), &address.any, &size) != 0) {
        if (family == Family::ipv6)
            return;
        throw std::runtime_error("no port");
    }
    port_ = ntohs(family == Family::ipv4 ? address.ipv4.sin_port : address.ipv6.sin6_port);
    // A port that is bound, and not listened at, is nobody else's and refuses.
    if (how == How::dead)
        return;
    if (::listen(socket_.get(), how == How::black_hole ? 0 : 64) != 0)
        throw std::runtime_error("listen");
    if (how != How::black_hole) {
        acceptor_ = std::thread([this] { accept_all(); });
        return;
    }
    for (int i = 0; i < queue_filling; ++i) {
        const Fd& one = held_.emplace_back(tcp_socket(family, SOCK_NONBLOCK));
        ::connect(one.get(), &address.any, size);
    }
}

Listener::~Listener() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    if (acceptor_.joinable())
        acceptor_.join();
}

void Listener::accept_all() {
    for (;;) {
        Fd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client)
            return;
        ++accepted_;
        const linger now{1, 0};
        if (how_ == How::reset_on_accept)
            ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        else
            held_.push_back(std::move(client));
    }
}

std::string Listener::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
}

} // namespace provisor::test
