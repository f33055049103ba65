// SPDX-License-Identifier: Apache-2.0
#include "origin/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace provisor::test {
namespace {

constexpr std::size_t max_head = 1 << 20;

/// Whether the client went away within that time.
bool gone(int fd, int milliseconds) {
    pollfd client{fd, POLLRDHUP, 0};
    return ::poll(&client, 1, milliseconds) > 0;
}

} // namespace

std::optional<Request> Connection::receive() {
    for (;;) {
        const std::size_t end = received_.find("\r\n\r\n");
        if (end != std::string::npos) {
            std::optional<Request> request =
                parse_request(std::string_view(received_).substr(0, end));
            received_.erase(0, end + 4);
            return request;
        }
        std::array<char, 16384> buffer{};
        const ssize_t got = ::recv(fd(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || received_.size() > max_head)
            return std::nullopt;
        received_.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

bool Connection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Connection::drip(std::string_view bytes, std::chrono::milliseconds pause, std::size_t count) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(count, bytes.size())))
        if (!send(bytes.substr(0, count)) || gone(fd(), static_cast<int>(pause.count())))
            return false;
    return true;
}

void Connection::stay_silent() {
    while (!gone(fd(), -1)) {
    }
}

void Connection::reset() {
    // Closing with bytes that nobody acknowledged, and a lingering time of zero, sends RST.
    const linger now{1, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

} // namespace provisor::test
