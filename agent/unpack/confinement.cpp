// SPDX-License-Identifier: Apache-2.0
#include "unpack/confinement.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace provisor {
namespace {

constexpr rlim_t max_memory = rlim_t{512} * 1024 * 1024;
constexpr rlim_t max_processor_seconds = 600;
/// Standard input is one, so that no further one is to be had; 0 would also forbid poll(2).
constexpr rlim_t max_descriptors = 1;

#ifdef __SANITIZE_ADDRESS__
constexpr bool has_shadow_memory = true;
#else
constexpr bool has_shadow_memory = false;
#endif

void limit(__rlimit_resource resource, rlim_t value, const char* what) {
    const rlimit both{value, value};
    if (::setrlimit(resource, &both) != 0)
        throw system_error(errno, what);
}

} // namespace

void leave_network() {
    // In the unit's sandbox (RestrictNamespaces=) it is not possible; then the missing descriptors
    // are what keeps it from the network.
    if (::geteuid() == 0)
        static_cast<void>(::unshare(CLONE_NEWNET));
}

void limit_resources() {
    // The address sanitizer's shadow memory alone is terabytes of addresses.
    if (!has_shadow_memory)
        limit(RLIMIT_AS, max_memory, "limit the memory");
    limit(RLIMIT_CPU, max_processor_seconds, "limit the processor time");
    limit(RLIMIT_NPROC, 0, "start no process");
    limit(RLIMIT_NOFILE, max_descriptors, "open nothing");
}

} // namespace provisor
