// SPDX-License-Identifier: Apache-2.0
#include "fetch/confinement.hpp"

#include "base/landlock.hpp"
#include "base/privileges.hpp"
#include "base/system_calls.hpp"
#include "fetch/libraries.hpp"
#include "wire/agent_socket.hpp"

#include <array>
#include <sys/syscall.h>

namespace provisor {
namespace {

/// Certificates and libraries may be links to anywhere in here. No place where secrets are kept is,
/// but for what only root may read.
constexpr std::array readable{"/etc", "/usr", "/lib", "/lib32", "/lib64", "/libx32",
                              // Certificates of openSUSE.
                              "/var/lib/ca-certificates",
                              // Where /etc/resolv.conf leads.
                              "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
                              "/run/connman", "/run/netconfig", "/dev/null", "/dev/urandom",
                              "/dev/random"};

/// What libcurl, OpenSSL and the C library with its modules for looking names up are seen to make
/// or may make: the frequent ones first, since the kernel compares one after the other. A build
/// with a sanitizer needs others, and has no filter.
[[maybe_unused]] constexpr std::array needed{
    // talking
    SYS_recvfrom, SYS_sendto, SYS_sendmsg, SYS_recvmsg, SYS_read, SYS_write, SYS_futex,
    SYS_sendmmsg, SYS_recvmmsg, SYS_readv, SYS_writev, SYS_connect, SYS_getsockname,
    SYS_getpeername, SYS_getsockopt, SYS_setsockopt, SYS_shutdown, SYS_socketpair, SYS_close,
    SYS_fcntl, SYS_pipe2, SYS_eventfd2, SYS_dup, SYS_dup3,
    // waiting
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_restart_syscall,
#ifdef SYS_poll
    SYS_poll, SYS_select, SYS_epoll_wait, SYS_time, SYS_pipe, SYS_dup2,
#endif
    // reading; what is opened is looked at
    SYS_pread64, SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2,
    SYS_readlinkat, SYS_getdents64, SYS_getcwd, SYS_fadvise64, SYS_fstatfs, SYS_statfs,
#ifdef SYS_stat
    SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
#endif
    // memory and threads
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_getrandom, SYS_rseq, SYS_set_robust_list,
    SYS_get_robust_list, SYS_set_tid_address, SYS_sched_yield, SYS_sched_getaffinity,
    SYS_membarrier, SYS_sysinfo, SYS_getcpu,
    // who one is
    SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
    SYS_uname, SYS_getrusage, SYS_times,
    // the end
    SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction,
    SYS_sigaltstack};

} // namespace

void confine_fetcher() {
    drop_privileges("provisor-fetch", agent_descriptor);
    allow_only_reading(readable);
    load_libraries();
#ifndef PROVISOR_SANITIZED // which opens, reads and runs this and that
    allow_only_client_calls(needed);
#endif
}

} // namespace provisor
