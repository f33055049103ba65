// SPDX-License-Identifier: Apache-2.0
#include "base/system_calls.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <vector>

namespace provisor {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t architecture = AUDIT_ARCH_RISCV64;
#elif defined(__s390x__)
constexpr std::uint32_t architecture = AUDIT_ARCH_S390X;
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
constexpr std::uint32_t architecture = AUDIT_ARCH_PPC64LE;
#else
constexpr std::uint32_t architecture = 0;
#endif

sock_filter load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter answer(std::uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
/// Skips `otherwise` instructions unless the loaded number is this one, else `then`.
sock_filter compare(std::uint32_t number, std::size_t then, std::size_t otherwise) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, static_cast<std::uint8_t>(then),
                    static_cast<std::uint8_t>(otherwise));
}

} // namespace

void allow_only_system_calls(std::span<const int> numbers) {
    if (architecture == 0)
        return;
    std::vector<sock_filter> filter{
        // A number means another call to another architecture that the kernel speaks as well.
        load(offsetof(seccomp_data, arch)), compare(architecture, 1, 0),
        answer(SECCOMP_RET_KILL_PROCESS), load(offsetof(seccomp_data, nr))};
    for (std::size_t i = 0; i < numbers.size(); ++i)
        filter.push_back(compare(static_cast<std::uint32_t>(numbers[i]), numbers.size() - i, 0));
    filter.push_back(answer(SECCOMP_RET_ERRNO | EPERM));
    filter.push_back(answer(SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0 && errno != EINVAL)
        throw system_error(errno, "limit the system calls");
}

} // namespace provisor
