// SPDX-License-Identifier: Apache-2.0
#include "install/sanity.hpp"

#include "base/error.hpp"

#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

std::string elf_program(int machine, unsigned char elf_class = ELFCLASS64, int type = ET_DYN) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = elf_class;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = static_cast<Elf64_Half>(type);
    header.e_machine = static_cast<Elf64_Half>(machine);
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) +
           std::string(100, '\0');
}

std::string verdict(const std::string& content, Executable executable = Executable::yes,
                    const char* machine = "x86_64") {
    try {
        check_sanity({content, content.size()}, executable, machine);
        return "";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::sanity);
        return error.what();
    }
}

TEST(Sanity, AcceptsAProgramForThisMachine) {
    EXPECT_EQ(verdict(elf_program(EM_X86_64)), "");
    EXPECT_EQ(verdict(elf_program(EM_X86_64, ELFCLASS64, ET_EXEC)), "");
    EXPECT_EQ(verdict(elf_program(EM_AARCH64), Executable::yes, "aarch64"), "");
}

TEST(Sanity, AcceptsAScriptWithAnInterpreter) {
    EXPECT_EQ(verdict("#!/bin/sh\necho\n"), "");
    EXPECT_EQ(verdict("#! /usr/bin/env python3\n"), "");
}

struct Row {
    const char* name;
    std::string content;
    const char* why;
};

class Refused : public testing::TestWithParam<Row> {};

TEST_P(Refused, WithAMessageThatSaysWhatItIs) {
    EXPECT_NE(verdict(GetParam().content).find(GetParam().why), std::string::npos)
        << verdict(GetParam().content);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Refused,
    testing::Values(
        Row{"Empty", "", "an empty body"},
        Row{"Html", "<!DOCTYPE html><html><head><title>Sign in</title></head></html>",
            "an HTML page, title \"Sign in\""},
        Row{"HtmlInCapitalsAfterSpace", " \r\n <HTML><BODY>503", "an HTML page"},
        Row{"HtmlWithBom", "\xEF\xBB\xBF<html>", "an HTML page"},
        Row{"TitleWithEscapeSequence", "<html><title>\x1b[2J</title>", "\\x1b[2J"},
        Row{"OtherMachine", elf_program(EM_AARCH64), "for aarch64; this machine is x86_64"},
        Row{"SameMachine32Bit", elf_program(EM_386, ELFCLASS32),
            "for i686; this machine is x86_64"},
        Row{"UnknownMachine32Bit", elf_program(0x1234, ELFCLASS32),
            "for machine 4660 (32-bit); this machine is x86_64"},
        Row{"UnknownMachine64Bit", elf_program(0x1234), "for machine 4660 (64-bit)"},
        Row{"Tar", std::string(257, 'x') + "ustar" + std::string(200, '\0'), "a tar archive"},
        Row{"LongData", std::string(600, 'x'), "data that begins with \"xxxx"},
        Row{"TruncatedElf", elf_program(EM_X86_64).substr(0, 40), "truncated ELF"},
        Row{"ElfMagicAlone", std::string(ELFMAG), "truncated ELF"},
        Row{"ObjectFile", elf_program(EM_X86_64, ELFCLASS64, ET_REL), "object file"},
        Row{"CoreDump", elf_program(EM_X86_64, ELFCLASS64, ET_CORE), "core dump"},
        Row{"ScriptWithRelativeInterpreter", "#!sh\n", "no interpreter by an absolute path"},
        Row{"ScriptWithoutInterpreter", "#!\n", "no interpreter by an absolute path"},
        Row{"TextWithoutInterpreter", "echo hello\n", "data that begins with \"echo hello"},
        Row{"Gzip", "\x1f\x8b\x08", "gzip data"}, Row{"Zip", "PK\x03\x04", "a zip archive"},
        Row{"Json", "{\"error\":\"nope\"}", "JSON"},
        Row{"WindowsProgram", "MZ\x90", "a Windows program"}),
    [](const auto& row) { return row.param.name; });

TEST(Sanity, AnElfFileOfWhichTooLittleIsThereToSeeIsTruncated) {
    const std::string seen = elf_program(EM_X86_64).substr(0, 19);
    EXPECT_THROW(check_sanity({seen, 1000}, Executable::yes, "x86_64"), Error);
}

TEST(Sanity, OfADataFileRefusesOnlyWhatIsAnErrorPage) {
    EXPECT_EQ(verdict("key: value\n", Executable::no), "");
    EXPECT_NE(verdict("<html><title>Blocked</title>", Executable::no), "");
    EXPECT_NE(verdict("", Executable::no), "");
}

TEST(Sanity, OnAMachineWithoutARowLetsProgramsPass) {
    EXPECT_EQ(verdict(elf_program(EM_X86_64), Executable::yes, "future64"), "");
}

} // namespace
} // namespace provisor
