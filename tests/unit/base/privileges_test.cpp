// SPDX-License-Identifier: Apache-2.0
#include "base/privileges.hpp"

#include "support/temporary_folder.hpp"

#include <csignal>
#include <gtest/gtest.h>
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

} // namespace
} // namespace provisor
