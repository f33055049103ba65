// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "base/fd.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace provisor {

/// One of the agent's unprivileged programs, and what it is started with.
struct ChildProgram {
    std::string name; ///< its argument 0, and its name in messages
    std::string path;
    std::vector<std::string> environment; ///< "NAME=value": all of it but LANG=C
    /// What it has as inherited_descriptor and the ones after that.
    std::vector<int> inherited = {};
};

/// What a child sent and must not: a failure of the program, not of what it was asked for.
Error nonsense(const char* what);

/// A running unprivileged program and the agent's end of the socket to it (not blocking), which the
/// program has as agent_descriptor. Ends with its owner.
class ChildProcess {
public:
    /// Starts it. Throws Error of kind io when that is not possible.
    explicit ChildProcess(const ChildProgram& program);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    /// Closes the socket, which ends it; what does not end soon is killed.
    ~ChildProcess();

    int socket() const { return socket_.get(); }
    pid_t pid() const { return pid_; }

    /// Kills it, waits for it, and adds how it had ended to the reason for that (which may have no
    /// message): "NAME: it sent a malformed frame (it was killed by signal 9 (Killed))".
    Error end(const Error& error);

private:
    std::string end();

    std::string name_;
    Fd socket_;
    pid_t pid_ = -1;
};

} // namespace provisor
