// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace provisor::test {

/// What PTRACE_GET_SYSCALL_INFO only reads, by architecture (x86_64, aarch64). The thread is
/// stopped at a system call with us as its tracer; one that was killed meanwhile is left alone.

/// At the entry: the call is not made.
void skip_call(pid_t thread);
/// At the entry: the call is made with another argument.
void set_argument(pid_t thread, int index, std::uint64_t value);
/// At the end: what the call returns; -ENOSPC fails with that.
void set_result(pid_t thread, std::int64_t value);

} // namespace provisor::test
