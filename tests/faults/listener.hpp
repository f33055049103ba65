// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace provisor::test {

/// A port of the loopback with which something is wrong below HTTP.
class Listener {
public:
    enum class How {
        dead,            ///< nobody listens
        black_hole,      ///< no answer to a SYN
        reset_on_accept, ///< connections are reset at once
        silent           ///< connections are accepted, and nothing is read or said
    };

    enum class Family { ipv4, ipv6 };

    /// Port 0 takes a free one. Without IPv6 on this machine it is not open, which is no error.
    explicit Listener(How how, Family family = Family::ipv4, std::uint16_t port = 0);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    bool is_open() const { return port_ != 0; }
    /// "http://127.0.0.1:PORT" and the path.
    std::string url(const std::string& path) const;
    unsigned accepted() const { return accepted_; }

private:
    void accept_all();

    How how_;
    Fd socket_;
    std::uint16_t port_ = 0;
    std::vector<Fd> held_; ///< connections that fill the queue, or that stay open
    std::atomic<unsigned> accepted_ = 0;
    std::thread acceptor_;
};

} // namespace provisor::test
