// SPDX-License-Identifier: Apache-2.0
#include "wire/agent_socket.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace provisor {
namespace {

/// What is still to be sent after `sent` bytes of both parts.
void advance(std::array<iovec, 2>& parts, std::size_t sent) {
    for (iovec& part : parts) {
        const std::size_t taken = std::min(sent, part.iov_len);
        part.iov_base = static_cast<char*>(part.iov_base) + taken;
        part.iov_len -= taken;
        sent -= taken;
    }
}

bool has_agent() {
    int domain = 0;
    socklen_t size = sizeof domain;
    return ::getsockopt(agent_descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
           domain == AF_UNIX;
}

} // namespace

int serve_agent(const char* program, void (*work)()) {
    if (!has_agent()) {
        std::fprintf(stderr, "%s is started by provisor and does nothing by itself\n", program);
        return 2;
    }
    try {
        work();
    } catch (const std::exception& error) {
        const std::string frame = encode_frame(FrameType::fatal, 0, error.what());
        ::send(agent_descriptor, frame.data(), frame.size(), MSG_NOSIGNAL);
        ::_exit(1);
    }
    ::_exit(0);
}

// Waiting here cannot become a deadlock, and it is what keeps memory bounded: the agent's end does
// not block, and whenever the agent waits it waits for our frames, too, whatever it still has to
// send. So it always comes back to read; until then this process stands still, the network's window
// fills up and the origin has to wait. A frame of the agent's that we do not read meanwhile stays
// in its queue or in the socket.
void AgentSocket::send(FrameType type, std::uint32_t id, std::string_view payload) {
    FrameHeader header = encode_header(type, id, payload.size());
    std::array<iovec, 2> parts{iovec{header.data(), header.size()},
                               iovec{const_cast<char*>(payload.data()), payload.size()}};
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
        if (sent >= 0)
            advance(parts, static_cast<std::size_t>(sent));
        else if (errno != EINTR)
            throw system_error(errno, "answer the agent");
    }
}

bool AgentSocket::receive() {
    const std::span<std::byte> space = reader_.space();
    const ssize_t got = ::recv(fd_, space.data(), space.size(), MSG_DONTWAIT);
    if (got > 0)
        reader_.filled(static_cast<std::size_t>(got));
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

} // namespace provisor
