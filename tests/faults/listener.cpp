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

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

} // namespace

Listener::Listener(How how) : how_(how), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("no port");
    port_ = ntohs(address.sin_port);
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
        Fd& one =
            held_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ::connect(one.get(), reinterpret_cast<sockaddr*>(&address), size);
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
