// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <string>
#include <sys/types.h>

namespace provisor {

/// A running provisor-fetch and the agent's end of the socket to it (not blocking). Ends with its
/// owner.
class FetchProcess {
public:
    /// Starts `program`. Throws Error of kind io when that is not possible.
    explicit FetchProcess(const std::string& program);
    FetchProcess(const FetchProcess&) = delete;
    FetchProcess& operator=(const FetchProcess&) = delete;
    /// Closes the socket, which ends it; what does not end soon is killed.
    ~FetchProcess();

    int socket() const { return socket_.get(); }
    pid_t pid() const { return pid_; }

    /// Kills it, waits for it, and says how it had ended: "was killed by signal 9 (Killed)".
    std::string end();

private:
    Fd socket_;
    pid_t pid_ = -1;
};

} // namespace provisor
