// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/confinement/confinement_test.cpp, tests/local/fetch/process_test.cpp
#pragma once

#include "wire/frame.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace provisor {

/// What an unprivileged program is started with: its end of the socket. It is also where systemd
/// puts the connection that it starts a program for (sd_listen_fds(3)).
inline constexpr int agent_descriptor = 3;

/// The main() of an unprivileged program: does `work` and ends the process, after telling the agent
/// (FrameType::fatal) when it throws. It ends without exit handlers: libcurl's would wait for a
/// name that is being looked up. Started by anybody but the agent it says so and returns 2.
int serve_agent(const char* program, void (*work)());

/// An unprivileged program's end of the socket to the agent.
class AgentSocket {
public:
    explicit AgentSocket(int fd) : fd_(fd) {}

    int fd() const { return fd_; }
    /// Sends one frame and waits for as long as the agent does not take it. Throws Error of kind io
    /// when there is no agent any more.
    void send(FrameType type, std::uint32_t id, std::string_view payload);
    /// Takes what has come, without waiting; then next() has the frames. Returns whether the agent
    /// is still there.
    bool receive();
    std::optional<Frame> next() { return reader_.next(); }

private:
    int fd_;
    FrameReader reader_;
};

} // namespace provisor
