// SPDX-License-Identifier: Apache-2.0
#include "unpack/confinement.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace provisor {
namespace {

struct Call {
    const char* name;
    long number;
};
#define CALL(name)                                                                                 \
    Call { #name, SYS_##name }

/// What one does to a machine with a process that one has taken over. Those of x86-64 alone
/// (open, fork and the like) are the same to it.
const std::vector<Call> forbidden{CALL(openat),
                                  CALL(openat2),
                                  CALL(open_by_handle_at),
                                  CALL(name_to_handle_at),
                                  CALL(socket),
                                  CALL(socketpair),
                                  CALL(connect),
                                  CALL(bind),
                                  CALL(listen),
                                  CALL(accept4),
                                  CALL(execve),
                                  CALL(execveat),
                                  CALL(clone),
                                  CALL(clone3),
                                  CALL(ptrace),
                                  CALL(process_vm_readv),
                                  CALL(process_vm_writev),
                                  CALL(pidfd_open),
                                  CALL(pidfd_getfd),
                                  CALL(kill),
                                  CALL(tkill),
                                  CALL(rt_sigqueueinfo),
                                  CALL(prlimit64),
                                  CALL(setpriority),
                                  CALL(unlinkat),
                                  CALL(renameat2),
                                  CALL(linkat),
                                  CALL(symlinkat),
                                  CALL(mkdirat),
                                  CALL(mknodat),
                                  CALL(fchmodat),
                                  CALL(fchmod),
                                  CALL(fchownat),
                                  CALL(fchown),
                                  CALL(truncate),
                                  CALL(ftruncate),
                                  CALL(fallocate),
                                  CALL(setxattr),
                                  CALL(utimensat),
                                  CALL(memfd_create),
                                  CALL(mount),
                                  CALL(umount2),
                                  CALL(pivot_root),
                                  CALL(chroot),
                                  CALL(chdir),
                                  CALL(unshare),
                                  CALL(setns),
                                  CALL(setuid),
                                  CALL(setresuid),
                                  CALL(capset),
                                  CALL(bpf),
                                  CALL(perf_event_open),
                                  CALL(io_uring_setup),
                                  CALL(userfaultfd),
                                  CALL(keyctl),
                                  CALL(add_key),
                                  CALL(request_key),
                                  CALL(shmget),
                                  CALL(shmat),
                                  CALL(ioctl),
                                  CALL(fcntl),
                                  CALL(dup),
                                  CALL(splice),
                                  CALL(sendfile),
                                  CALL(personality),
                                  CALL(reboot),
                                  CALL(kexec_load),
                                  CALL(init_module),
                                  CALL(readlinkat),
                                  CALL(getdents64),
                                  CALL(statx),
                                  CALL(fanotify_init),
                                  CALL(inotify_init1),
                                  CALL(seccomp),
                                  CALL(prctl),
                                  CALL(pipe2)};

/// Runs `action` in a process that is confined; returns its exit status, or 1000 and the signal.
template <typename Action>
int confined(Action&& action) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            ::_exit(99);
        limit_system_calls();
        ::_exit(action());
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(Confinement, RefusesWhatAReaderOfArchivesDoesNotNeed) {
    EXPECT_GE(forbidden.size(), 50U);
    for (const Call& call : forbidden)
        EXPECT_EQ(confined([&] {
                      // All zeros: what is let through fails in another way or does nothing.
                      return ::syscall(call.number, 0, 0, 0, 0, 0, 0) == -1 && errno == EPERM ? 0
                                                                                              : 1;
                  }),
                  0)
            << call.name;
}

TEST(Confinement, LetsThroughWhatItNeeds) {
    const int file = ::open("/proc/self/exe", O_RDONLY);
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    EXPECT_EQ(confined([&] {
                  char byte = 0;
                  if (::pread(file, &byte, 1, 1) != 1 || byte != 'E')
                      return 1;
                  if (::send(pair[0], &byte, 1, MSG_NOSIGNAL) != 1)
                      return 2;
                  pollfd ready{pair[1], POLLIN, 0};
                  if (::poll(&ready, 1, 1000) != 1 || ::recv(pair[1], &byte, 1, 0) != 1)
                      return 3;
                  const std::size_t size = 100 << 20;
                  std::vector<char> large(size, 'x');
                  return large[size / 2] == 'x' ? 0 : 4;
              }),
              0);
    EXPECT_EQ(confined([] {
                  ::abort();
                  return 0;
              }),
              1000 + SIGABRT);
    ::close(file);
    ::close(pair[0]);
    ::close(pair[1]);
}

} // namespace
} // namespace provisor
