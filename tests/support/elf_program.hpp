// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <elf.h>
#include <string>
#include <sys/utsname.h>

namespace provisor::test {

/// The e_machine of the running machine, 0 when the tests do not know it.
inline int this_elf_machine() {
    utsname kernel{};
    ::uname(&kernel);
    const std::string machine = kernel.machine;
    return machine == "x86_64" ? EM_X86_64 : machine == "aarch64" ? EM_AARCH64 : 0;
}

/// The head of a 64-bit little-endian ELF program with one program header, of type PT_INTERP (a
/// static program with an empty `interpreter`), whose text lies at `offset`.
inline std::string elf_program_for(int machine, const std::string& interpreter,
                                   std::uint64_t offset = 4000) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = static_cast<Elf64_Half>(machine);
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    Elf64_Phdr program{};
    program.p_type = interpreter.empty() ? PT_LOAD : PT_INTERP;
    program.p_offset = offset;
    program.p_filesz = interpreter.size() + 1;
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    bytes.append(reinterpret_cast<const char*>(&program), sizeof program);
    bytes.resize(offset, '\0');
    return bytes + interpreter + '\0';
}

} // namespace provisor::test
