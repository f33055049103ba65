// SPDX-License-Identifier: Apache-2.0
#include "unpack/confinement.hpp"

#include "base/error.hpp"
#include "base/landlock.hpp"
#include "base/privileges.hpp"
#include "base/system_calls.hpp"
#include "wire/agent_socket.hpp"
#include "wire/handed_files.hpp"

#include <array>
#include <cerrno>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace provisor {
namespace {

constexpr rlim_t max_memory = rlim_t{512} * 1024 * 1024;
constexpr rlim_t max_processor_seconds = 600;
/// Standard input is one, so that no further one is to be had; 0 would also forbid poll(2).
constexpr rlim_t max_descriptors = 1;

/// The shadow memory of a sanitizer alone is terabytes of addresses, and it opens pipes to find out
/// whether there is memory where something points to.
#ifdef PROVISOR_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

void limit(__rlimit_resource resource, rlim_t value, const char* what) {
    const rlimit both{value, value};
    if (::setrlimit(resource, &both) != 0)
        throw system_error(errno, what);
}

/// Before the change of user.
void leave_network() {
    // In the sandbox of a unit (RestrictNamespaces=) it is not possible; that of provisor-unpack
    // has no network, and without it the system calls are what keeps it away.
    if (::geteuid() == 0)
        static_cast<void>(::unshare(CLONE_NEWNET));
}

void see_no_files() {
    if (!sanitized)
        allow_only_reading({});
}

void limit_resources() {
    limit(RLIMIT_CPU, max_processor_seconds, "limit the processor time");
    limit(RLIMIT_NPROC, 0, "start no process");
    if (sanitized)
        return;
    limit(RLIMIT_AS, max_memory, "limit the memory");
    limit(RLIMIT_NOFILE, max_descriptors, "open nothing");
}

} // namespace

HandedOver confine_unpacker() {
    leave_network();
    drop_privileges("provisor-unpack", agent_descriptor);
    // For good: their end is that of the process.
    static const auto files = receive_files(agent_descriptor);
    see_no_files();
    limit_resources();
    HandedOver handed{Artifact(files[0].get()), std::nullopt};
    if (files.size() > 1)
        handed.dictionary.emplace(files[1].get());
    limit_system_calls();
    return handed;
}

void limit_system_calls() {
    static constexpr std::array needed{
        // the artifact and the agent; write is for what ends with a message of the C++ library
        SYS_pread64, SYS_recvfrom, SYS_sendmsg, SYS_sendto, SYS_ppoll, SYS_write,
#ifdef SYS_poll
        SYS_poll,
#endif
        // memory
        SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_getrandom,
        // time, for decoders that measure it, and where the kernel does not do it without a call
        SYS_clock_gettime,
        // the end, also by abort()
        SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction,
        SYS_restart_syscall, SYS_getpid, SYS_gettid, SYS_tgkill};
    if (!sanitized)
        allow_only_system_calls(needed);
}

} // namespace provisor
