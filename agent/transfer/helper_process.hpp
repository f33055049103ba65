// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/process_test.cpp
#pragma once

#include "base/fd.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace provisor {

class Error;

/// What a socket of systemd ends with, which starts an unprivileged program for each connection.
inline constexpr std::string_view socket_suffix = ".socket";

/// One of the agent's unprivileged programs.
struct HelperProgram {
    std::string name; ///< its argument 0, its name in messages, and that of its units
    /// A program, which is started; or a socket of systemd, "/run/provisor/fetch.socket", that is
    /// connected to.
    std::string place;
};

/// What a child sent and must not: a failure of the program, not of what it was asked for.
Error nonsense(const char* what);

/// A running unprivileged program and the agent's end of the socket to it (not blocking), which the
/// program has as agent_descriptor. Ends with its owner.
class HelperProcess {
public:
    /// Starts it, with LANG=C for an environment, or has systemd do so. Throws Error of kind io
    /// when that is not possible.
    explicit HelperProcess(const HelperProgram& program);
    HelperProcess(const HelperProcess&) = delete;
    HelperProcess& operator=(const HelperProcess&) = delete;
    /// Closes the socket, which ends it; a child that does not end soon is killed. Of systemd's the
    /// unit has a time limit.
    ~HelperProcess();

    int socket() const { return socket_.get(); }
    /// Of a child; -1 of a process that systemd has started.
    pid_t pid() const { return pid_; }

    /// Lets it end by itself, which it does when it sees that nobody listens.
    void hang_up();
    /// Ends it, and adds how it had ended to the reason for that (which may have no message):
    /// "NAME: it sent a malformed frame (it was killed by signal 9 (Killed))". Of a process that
    /// systemd has started it says where to read that.
    Error end(const Error& error);

private:
    std::string end();

    std::string name_;
    Fd socket_;
    pid_t pid_ = -1;
};

} // namespace provisor
