// SPDX-License-Identifier: Apache-2.0
#include "base/kill_process.hpp"

#include <csignal>
#include <cstdlib>

namespace provisor {

void kill_process(pid_t pid) noexcept {
    if (pid <= 0)
        std::abort();
    ::kill(pid, SIGKILL);
}

void kill_group(pid_t leader) noexcept {
    // kill(-1) would reach every process.
    if (leader <= 1)
        std::abort();
    ::kill(-leader, SIGKILL);
}

} // namespace provisor
