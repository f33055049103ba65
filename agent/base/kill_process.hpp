// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

namespace provisor {

/// Sends SIGKILL to one process. The only place that calls kill(2): 0 stands for the own process
/// group there, -1 for every process on the machine, and other negative numbers for a group. With
/// such a number, which a pid that was never set may be, this aborts. May be called between fork()
/// and exec().
void kill_process(pid_t pid) noexcept;

/// Sends SIGKILL to the process group that this process leads. Aborts as kill_process() does.
void kill_group(pid_t leader) noexcept;

} // namespace provisor
