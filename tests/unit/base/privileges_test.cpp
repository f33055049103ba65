// SPDX-License-Identifier: Apache-2.0
#include "base/privileges.hpp"

#include "support/temporary_folder.hpp"

#include <array>
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor {
namespace {

/// Whether a process that does this first, and then crashes where it may write, leaves a core.
bool leaves_core(void (*first)()) {
    const test::TemporaryFolder folder;
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_CORE, &unlimited) != 0 || ::chdir(folder.path().c_str()) != 0)
            ::_exit(1);
        first();
        std::signal(SIGSEGV, SIG_DFL);
        ::raise(SIGSEGV);
        ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WCOREDUMP(status);
}

TEST(Privileges, OfAProgramThatForbidsItNoCoreIsWritten) {
    if (!leaves_core([] {}))
        GTEST_SKIP() << "this machine writes no cores at all";
#ifdef PROVISOR_SANITIZED
    GTEST_SKIP() << "LeakSanitizer has to look at the memory of its program";
#endif
    EXPECT_FALSE(leaves_core([] { forbid_core_dumps(); }));
}

/// Starts a process, and one of it that gives up its privileges and then waits. Returns
/// the first one's id; of the pipe the second alone has the writing end.
pid_t start_parent_and_child(const std::array<int, 2>& pipe) {
    const pid_t parent = ::fork();
    if (parent != 0)
        return parent;
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            ::alarm(20); // the end of it if the test fails
            ::dup2(pipe[1], STDERR_FILENO);
            drop_privileges("nobody", STDERR_FILENO);
            static_cast<void>(::write(STDERR_FILENO, "x", 1));
            for (;;)
                ::pause();
        } catch (const std::exception&) {
            ::_exit(1);
        }
    }
    ::close(pipe[1]);
    for (;;)
        ::pause();
}

TEST(Privileges, WhoGaveThemUpDiesWithItsParent) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const pid_t parent = start_parent_and_child(pipe);
    ASSERT_GT(parent, 0);
    ::close(pipe[1]);
    char byte = 0;
    ASSERT_EQ(::read(pipe[0], &byte, 1), 1) << "it could not give up its privileges";
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    pollfd end{pipe[0], POLLIN, 0};
    ASSERT_EQ(::poll(&end, 1, 10'000), 1) << "it lives on";
    EXPECT_EQ(::read(pipe[0], &byte, 1), 0);
    ::close(pipe[0]);
}

} // namespace
} // namespace provisor
