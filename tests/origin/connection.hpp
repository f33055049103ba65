// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "origin/request.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace provisor::test {

/// An accepted TCP connection. What concerns a client that has gone away is told by `false`, since
/// that is what clients of a test do.
class Connection {
public:
    explicit Connection(Fd socket) : socket_(std::move(socket)) {}

    int fd() const { return socket_.get(); }
    /// The next request; absent when the client has ended the connection or sends no HTTP.
    std::optional<Request> receive();
    bool send(std::string_view bytes);
    /// The same, so many bytes at a time with a pause after each.
    bool drip(std::string_view bytes, std::chrono::milliseconds pause, std::size_t count = 1);
    /// Says nothing until the client goes away.
    void stay_silent();
    /// The end of this connection is to be a reset.
    void reset();

private:
    Fd socket_;
    std::string received_;
};

} // namespace provisor::test
