// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

namespace provisor {

/// Sends SIGKILL to one process. Aborts unless `pid` is positive: kill(2) takes 0 for the caller's
/// process group, -1 for every process on the machine and other negative numbers for a group, and a
/// pid that was never set may be one of these. No other code calls kill(2). May be called between
/// fork() and exec().
void kill_process(pid_t pid) noexcept;

/// Sends SIGKILL to every process of the group whose leader is `leader`. Aborts unless that is
/// above 1.
void kill_group(pid_t leader) noexcept;

} // namespace provisor
