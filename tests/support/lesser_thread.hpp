// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <thread>
#include <unistd.h>

namespace provisor::test {

/// Runs it in a thread of root that has no capability, as the sandbox of provisor.service leaves
/// it. capset(2) is about the calling thread alone.
template <typename Work>
void run_without_capabilities(Work&& work) {
    std::thread([&] {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        std::array<__user_cap_data_struct, 2> none{};
        ASSERT_EQ(::syscall(SYS_capset, &header, none.data()), 0);
        EXPECT_NO_THROW(work());
    }).join();
}

/// Runs it in a thread of root that becomes another user. The system call, unlike the function
/// of the C library, is about the calling thread alone (nptl(7)).
template <typename Work>
void run_as_user(uid_t user, Work&& work) {
    std::thread([&] {
        ASSERT_EQ(::syscall(SYS_setresgid, user, user, user), 0);
        ASSERT_EQ(::syscall(SYS_setresuid, user, user, user), 0);
        EXPECT_NO_THROW(work());
    }).join();
}

/// Runs it in a thread in which this system call (__NR_*) fails with this error, always: what a
/// disk, a quota or a limit does when it gets bad, at a place where no test can make it bad.
template <typename Work>
void run_with_failing_call(std::uint32_t call, int error, Work&& work) {
    std::thread([&] {
        const auto fail = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
        std::array<sock_filter, 4> filter{
            sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
            sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call},
            sock_filter{BPF_RET | BPF_K, 0, 0, fail},
            sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
        sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
        ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), 0);
        EXPECT_NO_THROW(work());
    }).join();
}

} // namespace provisor::test
