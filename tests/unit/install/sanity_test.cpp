// SPDX-License-Identifier: Apache-2.0
#include "install/sanity.hpp"

#include "base/error.hpp"

#include <cstring>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

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
                    const char* machine = "x86_64", Vouched vouched = Vouched::no) {
    try {
        check_sanity({content, content.size()}, executable, machine, vouched);
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
        Row{"ScriptWithTheLineEndsOfWindows", "#!/bin/sh\r\necho\r\n", "ends with CR LF"},
        Row{"ScriptWithoutInterpreter", "#!\n", "no interpreter by an absolute path"},
        Row{"TextWithoutInterpreter", "echo hello\n", "data that begins with \"echo hello"},
        Row{"Gzip", "\x1f\x8b\x08", "gzip data"}, Row{"Zip", "PK\x03\x04", "a zip archive"},
        Row{"Json", "{\"error\":\"nope\"}", "JSON"},
        Row{"WindowsProgram", "MZ\x90", "a Windows program"}),
    [](const auto& row) { return row.param.name; });

TEST(Sanity, AnElfFileOfWhichTooLittleIsThereToSeeIsTruncated) {
    const std::string seen = elf_program(EM_X86_64).substr(0, 19);
    EXPECT_THROW(check_sanity({seen, 1000}, Executable::yes, "x86_64", Vouched::no), Error);
}

TEST(Sanity, OfADataFileRefusesOnlyWhatIsAnErrorPage) {
    for (const char* content :
         {"key: value\n", "<?xml version=\"1.0\"?>\n<!-- of 2026 -->\n<rules/>", "<svg/>",
          "<!-- a comment --> and Markdown", "<p align=\"center\">README</p>", "<div>part</div>",
          "<!DOCTYPE svg>"})
        EXPECT_EQ(verdict(content, Executable::no), "") << content;
    for (const char* content :
         {"<html><title>Blocked</title>", "", "<?xml version=\"1.0\"?>\n<!DOCTYPE html>",
          "<!-- proxy -->\n<!-- 5.7 -->\n<HTML lang=en>", "\n\n<!doctype HTML>"})
        EXPECT_NE(verdict(content, Executable::no), "") << content;
}

/// What has the digest that was asked for may be an HTML page, or nothing.
TEST(Sanity, OfADataFileThatSomebodyVouchesForRefusesNothing) {
    for (const char* content : {"<!doctype html><html>", "", "<html>"})
        EXPECT_EQ(verdict(content, Executable::no, "x86_64", Vouched::yes), "") << content;
    EXPECT_THAT(verdict("<!doctype html>", Executable::yes, "x86_64", Vouched::yes),
                testing::HasSubstr("HTML or XML; an ELF program for x86_64"));
    EXPECT_NE(verdict(elf_program(EM_AARCH64), Executable::yes, "x86_64", Vouched::yes), "");
}

TEST(Sanity, OfAProgramTakesNoneOfAnotherOperatingSystem) {
    const auto with_abi = [](int abi) {
        std::string program = elf_program(EM_X86_64);
        program[EI_OSABI] = static_cast<char>(abi);
        return verdict(program);
    };
    EXPECT_EQ(with_abi(ELFOSABI_NONE), "");
    EXPECT_EQ(with_abi(ELFOSABI_GNU), "");
    EXPECT_EQ(with_abi(ELFOSABI_FREEBSD), "an ELF program for FreeBSD, and not for Linux");
    EXPECT_EQ(with_abi(ELFOSABI_NETBSD), "an ELF program for NetBSD, and not for Linux");
    EXPECT_EQ(with_abi(77), "an ELF program for another operating system, and not for Linux");
}

TEST(Sanity, AFieldOfAProgramThatNoFileCanHaveIsBeyondItsEnd) {
    std::string program = elf_program(EM_X86_64);
    Elf64_Ehdr header{};
    std::memcpy(&header, program.data(), sizeof header);
    header.e_shoff = ~std::uint64_t{0} - 10;
    header.e_shentsize = 64;
    header.e_shnum = 3;
    std::memcpy(program.data(), &header, sizeof header);
    EXPECT_THAT(verdict(program), testing::HasSubstr("a truncated ELF file of 164 bytes"));
}

/// The programs of this machine are whole, and none of them is when its last byte is missing.
TEST(Sanity, KnowsRealProgramsFromThoseThatWereCut) {
    utsname machine{};
    ::uname(&machine);
    unsigned programs = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/bin")) {
        if (entry.is_symlink() || !entry.is_regular_file() || programs == 300)
            continue;
        std::ifstream file(entry.path(), std::ios::binary);
        std::string head(sanity_head_size, '\0');
        file.read(head.data(), static_cast<std::streamsize>(head.size()));
        head.resize(static_cast<std::size_t>(file.gcount()));
        if (!head.starts_with(ELFMAG))
            continue;
        ++programs;
        const auto said = [&](std::uint64_t size) -> std::string {
            try {
                check_sanity({head, size}, Executable::yes, machine.machine, Vouched::no);
                return "";
            } catch (const Error& error) {
                return error.what();
            }
        };
        EXPECT_EQ(said(entry.file_size()), "") << entry.path();
        EXPECT_THAT(said(entry.file_size() - 1), testing::HasSubstr("a truncated ELF file"))
            << entry.path();
        EXPECT_THAT(said(entry.file_size() / 2), testing::HasSubstr("a truncated ELF file"))
            << entry.path();
    }
    EXPECT_GT(programs, 50U);
}

TEST(Sanity, OnAMachineWithoutARowLetsProgramsPass) {
    EXPECT_EQ(verdict(elf_program(EM_X86_64), Executable::yes, "future64"), "");
}

} // namespace
} // namespace provisor
