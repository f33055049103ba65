// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/temporary_folder.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace provisor::test {

/// nginx as an own process on 127.0.0.1, with a certificate authority of its own. Its servers:
/// `plain` (http), `tls` (https with HTTP/2), `tls_1` (https without it, TLS 1.2 at most),
/// `default_limits` (https with HTTP/2, and nginx's own limit of requests per connection), `client`
/// (wants a client certificate), `expired`, `not_yet`, `other_host` and `self_signed` (certificates
/// that must not be accepted), `old` (TLS 1.1 at most).
class Nginx {
public:
    /// One line of its log.
    struct Line {
        std::string connection;
        std::string protocol;
        int status = 0;
        std::uint64_t body_bytes = 0;
        std::string path;
        std::string client_certificate; ///< "NONE", "SUCCESS"
        std::string server;             ///< the server's port
    };

    static bool installed();

    Nginx();
    Nginx(const Nginx&) = delete;
    Nginx& operator=(const Nginx&) = delete;
    ~Nginx();

    void publish(const std::string& name, const std::string& content) const;
    std::string url(const std::string& server, const std::string& path) const;
    std::string file(const std::string& name) const { return folder_ / name; }
    /// The log, once it has at least so many lines, or after five seconds.
    std::vector<Line> log(std::size_t lines) const;
    void forget() const;
    /// One for all tests of a process; the certificates take a while.
    static Nginx& shared();

private:
    void make_certificates() const;
    void configure();
    void start();

    TemporaryFolder folder_;
    std::uint16_t first_port_ = 0;
    pid_t pid_ = -1;
};

} // namespace provisor::test
