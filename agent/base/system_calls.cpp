// SPDX-License-Identifier: Apache-2.0
#include "base/system_calls.hpp"

#include "base/error.hpp"

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <initializer_list>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
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

/// The lower half of an argument: all that the kernel looks at of an int.
sock_filter load_argument(std::uint32_t number) {
    constexpr std::uint32_t lower = std::endian::native == std::endian::big ? 4 : 0;
    return load(static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + number * 8 + lower);
}

/// Of files that are not only read.
constexpr std::uint32_t writing_flags =
    O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);

/// Each of these allows or refuses a call by the one argument.
using Body = std::vector<sock_filter>;

Body one_of(std::uint32_t argument, std::initializer_list<std::uint32_t> values) {
    Body body{load_argument(argument)};
    std::size_t left = values.size();
    for (const std::uint32_t value : values)
        body.push_back(compare(value, left--, 0));
    body.push_back(answer(SECCOMP_RET_ERRNO | EPERM));
    body.push_back(answer(SECCOMP_RET_ALLOW));
    return body;
}

Body by_bits(std::uint32_t argument, std::uint32_t bits, std::uint32_t set, std::uint32_t clear) {
    return {load_argument(argument), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1), answer(set),
            answer(clear)};
}

Body none_of_bits(std::uint32_t argument, std::uint32_t bits) {
    return by_bits(argument, bits, SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW);
}

Body any_of_bits(std::uint32_t argument, std::uint32_t bits) {
    return by_bits(argument, bits, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM);
}

void append(std::vector<sock_filter>& rules, long number, const Body& body) {
    rules.push_back(compare(static_cast<std::uint32_t>(number), 0, body.size()));
    rules.insert(rules.end(), body.begin(), body.end());
}

/// Memory is to be had, but none that can be executed. (pkey_mprotect(2) is in no list. On s390x
/// mmap(2) takes its arguments in memory, where a filter cannot look at them.)
std::vector<sock_filter> memory_rules() {
    std::vector<sock_filter> rules;
#ifdef __s390x__
    append(rules, SYS_mmap, {answer(SECCOMP_RET_ALLOW)});
#else
    append(rules, SYS_mmap, none_of_bits(2, PROT_EXEC));
#endif
    append(rules, SYS_mprotect, none_of_bits(2, PROT_EXEC));
    return rules;
}

/// Allows `numbers`, and what `rules` (which begin with the number loaded, and end every path of
/// a call that they know) allow.
void install(std::span<const int> numbers, const std::vector<sock_filter>& rules) {
    if (architecture == 0)
        return;
    std::vector<sock_filter> filter{
        // A number means another call to another architecture that the kernel speaks as well.
        load(offsetof(seccomp_data, arch)), compare(architecture, 1, 0),
        answer(SECCOMP_RET_KILL_PROCESS), load(offsetof(seccomp_data, nr))};
    for (std::size_t i = 0; i < numbers.size(); ++i)
        filter.push_back(
            compare(static_cast<std::uint32_t>(numbers[i]), numbers.size() - i + rules.size(), 0));
    filter.insert(filter.end(), rules.begin(), rules.end());
    filter.push_back(answer(SECCOMP_RET_ERRNO | EPERM));
    filter.push_back(answer(SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0 && errno != EINVAL)
        throw system_error(errno, "limit the system calls");
}

} // namespace

void allow_only_system_calls(std::span<const int> numbers) { install(numbers, memory_rules()); }

void allow_only_client_calls(std::span<const int> numbers) {
    std::vector<sock_filter> rules = memory_rules();
    append(rules, SYS_socket, one_of(0, {AF_UNIX, AF_INET, AF_INET6}));
    append(rules, SYS_openat, none_of_bits(2, writing_flags));
#ifdef SYS_open
    append(rules, SYS_open, none_of_bits(1, writing_flags));
#endif
#ifdef __s390x__ // has its first two arguments the other way round: clone(2)
    append(rules, SYS_clone, any_of_bits(1, CLONE_THREAD));
#else
    append(rules, SYS_clone, any_of_bits(0, CLONE_THREAD));
#endif
    append(rules, SYS_clone3, {answer(SECCOMP_RET_ERRNO | ENOSYS)});
    append(rules, SYS_tgkill, one_of(0, {static_cast<std::uint32_t>(::getpid())}));
    append(rules, SYS_ioctl, one_of(1, {FIONBIO, FIONREAD}));
    install(numbers, rules);
}

bool restrict_program(Sockets sockets) noexcept {
    if (architecture == 0)
        return true;
    // x32 has numbers of its own under the same architecture: seccomp(2).
    constexpr std::uint32_t x32 = 0x40000000;
    constexpr std::uint32_t first_argument =
        offsetof(seccomp_data, args) + (std::endian::native == std::endian::big ? 4 : 0);
    static constexpr std::array refused{SYS_unshare,          SYS_setns,       SYS_mount,
                                        SYS_ptrace,           SYS_bpf,         SYS_perf_event_open,
                                        SYS_io_uring_setup,   SYS_userfaultfd, SYS_add_key,
                                        SYS_keyctl,           SYS_request_key, SYS_process_vm_readv,
                                        SYS_process_vm_writev};
    constexpr std::size_t head = 5;
    constexpr std::size_t tail = 7;
    constexpr std::size_t count = refused.size();
    std::array<sock_filter, head + count + tail> filter{};
    filter[0] = load(offsetof(seccomp_data, arch));
    filter[1] = compare(architecture, 1, 0);
    filter[2] = answer(SECCOMP_RET_KILL_PROCESS);
    filter[3] = load(offsetof(seccomp_data, nr));
    // Each jump below leads to the refusal, which is the last but one.
    filter[4] = BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32, count + 5, 0);
    for (std::size_t i = 0; i < count; ++i)
        filter.at(head + i) =
            compare(static_cast<std::uint32_t>(refused.at(i)), count - i - 1 + 5, 0);
    std::size_t at = head + count;
    const bool internet = sockets == Sockets::internet;
    filter.at(at++) = compare(SYS_socket, 0, 5);
    filter.at(at++) = load(first_argument);
    filter.at(at++) = compare(AF_UNIX, 3, 0);
    filter.at(at++) = compare(internet ? AF_INET : AF_UNIX, 2, 0);
    filter.at(at++) = compare(internet ? AF_INET6 : AF_UNIX, 1, 0);
    filter.at(at++) = answer(SECCOMP_RET_ERRNO | EPERM);
    filter.at(at) = answer(SECCOMP_RET_ALLOW);
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 || errno == EINVAL;
}

} // namespace provisor
