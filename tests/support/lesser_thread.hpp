// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <gtest/gtest.h>
#include <linux/capability.h>
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

/// Runs it in a thread that is another user, which takes root. The system call, unlike the function
/// of the C library, is about the calling thread alone (nptl(7)).
template <typename Work>
void run_as_user(uid_t user, Work&& work) {
    std::thread([&] {
        ASSERT_EQ(::syscall(SYS_setresgid, user, user, user), 0);
        ASSERT_EQ(::syscall(SYS_setresuid, user, user, user), 0);
        EXPECT_NO_THROW(work());
    }).join();
}

} // namespace provisor::test
