// SPDX-License-Identifier: Apache-2.0
#include "base/kill_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor {
namespace {

/// A child that waits for its end, in a process group of its own.
pid_t start_child() {
    const pid_t pid = ::fork();
    if (pid == 0)
        for (;;)
            ::pause();
    ::setpgid(pid, pid);
    return pid;
}

int signal_that_ended(pid_t pid) {
    int status = 0;
    return ::waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(KillProcess, EndsTheOneProcess) {
    const pid_t one = start_child();
    const pid_t other = start_child();
    kill_process(one);
    EXPECT_EQ(signal_that_ended(one), SIGKILL);
    EXPECT_EQ(::waitpid(other, nullptr, WNOHANG), 0) << "the other one runs";
    kill_group(other);
    EXPECT_EQ(signal_that_ended(other), SIGKILL);
}

/// From here on kill(2) does nothing in this process: a test that fails must not end the machine.
void forbid_kill() {
    std::array<sock_filter, 4> filter{{
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_kill},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    }};
    const sock_fprog program{filter.size(), filter.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 || ::kill(::getpid(), 0) == 0)
        ::_exit(2);
}

/// As kill(2) would take them, these are a group or every process.
TEST(KillProcess, AbortsForNumbersThatAreNoProcess) {
    const auto end = [](void (*how)(pid_t) noexcept, pid_t pid) {
        forbid_kill();
        how(pid);
        ::_exit(0);
    };
    for (const pid_t pid : {0, -1, -2})
        EXPECT_EXIT(end(kill_process, pid), testing::KilledBySignal(SIGABRT), "") << pid;
    for (const pid_t leader : {1, 0, -1})
        EXPECT_EXIT(end(kill_group, leader), testing::KilledBySignal(SIGABRT), "") << leader;
}

} // namespace
} // namespace provisor
