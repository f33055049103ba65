// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/registers.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

namespace provisor::test {
namespace {

#if defined(__x86_64__)
using Registers = user_regs_struct;

void put_result(Registers& registers, std::int64_t value) {
    registers.rax = static_cast<std::uint64_t>(value);
}

void put_argument(Registers& registers, int index, std::uint64_t value) {
    unsigned long long* const places[] = {&registers.rdi, &registers.rsi, &registers.rdx,
                                          &registers.r10, &registers.r8,  &registers.r9};
    *places[index] = value;
}
#elif defined(__aarch64__)
using Registers = user_regs_struct;

void put_result(Registers& registers, std::int64_t value) {
    registers.regs[0] = static_cast<std::uint64_t>(value);
}

void put_argument(Registers& registers, int index, std::uint64_t value) {
    registers.regs[index] = value;
}
#else
#error "which registers hold a system call's arguments and result is not known here"
#endif

template <typename Edit>
void edit_registers(pid_t thread, Edit&& edit) {
    Registers registers{};
    iovec all{&registers, sizeof registers};
    if (::ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &all) != 0)
        return;
    edit(registers);
    ::ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &all);
}

} // namespace

void skip_call(pid_t thread) {
#if defined(__x86_64__)
    edit_registers(thread, [](Registers& registers) { registers.orig_rax = ~0ULL; });
#elif defined(__aarch64__)
    int none = -1;
    iovec number{&none, sizeof none};
    ::ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &number);
#endif
}

void set_argument(pid_t thread, int index, std::uint64_t value) {
    edit_registers(thread, [&](Registers& registers) { put_argument(registers, index, value); });
}

void set_result(pid_t thread, std::int64_t value) {
    edit_registers(thread, [&](Registers& registers) { put_result(registers, value); });
}

} // namespace provisor::test
