// SPDX-License-Identifier: Apache-2.0
#include "install/interpreter.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/elf_program.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

namespace provisor {
namespace {

using test::elf_program_for;
using test::write_text;
using testing::HasSubstr;

class Interpreter : public testing::Test {
protected:
    Interpreter() { paths.root = folder / "root"; }

    Fd file_of(const std::string& content) {
        write_text(folder / "program", content);
        return Fd(::open((folder / "program").c_str(), O_RDONLY | O_CLOEXEC));
    }
    std::string interpreter(const std::string& content) {
        return interpreter_of(file_of(content).get(), content.size());
    }
    /// What is said against it, "" when nothing.
    std::string verdict(const std::string& content, const std::set<std::string>& arriving = {}) {
        try {
            check_interpreter(file_of(content).get(), content.size(), arriving, paths);
            return "";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::sanity);
            return error.what();
        }
    }
    void install(const std::string& path) {
        write_text(paths.root / path, "");
        std::filesystem::permissions(paths.root / path, std::filesystem::perms(0755));
    }
    void make_a_system() { write_text(paths.root / "usr/lib/os-release", ""); }

    test::TemporaryFolder folder;
    Paths paths;
};

TEST_F(Interpreter, OfAScriptIsTheFirstWordOfItsLine) {
    EXPECT_EQ(interpreter("#!/bin/sh\necho\n"), "/bin/sh");
    EXPECT_EQ(interpreter("#! \t/usr/bin/env python3\n"), "/usr/bin/env");
    EXPECT_EQ(interpreter("#!/bin/sh"), "/bin/sh");
    EXPECT_EQ(interpreter("#!/bin/sh\r\necho\r\n"), "/bin/sh\r");
    EXPECT_EQ(interpreter("#!"), "");
    EXPECT_EQ(interpreter("#!\n"), "");
}

TEST_F(Interpreter, OfAnElfProgramIsWhatItAsksForWhereverThatLies) {
    EXPECT_EQ(interpreter(elf_program_for(EM_X86_64, "/lib64/ld.so")), "/lib64/ld.so");
    EXPECT_EQ(interpreter(elf_program_for(EM_X86_64, "/lib64/ld.so", 3'000'000)), "/lib64/ld.so");
    EXPECT_EQ(interpreter(elf_program_for(EM_X86_64, "")), "");
}

TEST_F(Interpreter, OfNonsenseIsNone) {
    std::string far = elf_program_for(EM_X86_64, "/lib64/ld.so");
    far[offsetof(Elf64_Ehdr, e_phoff) + 6] = 0x7f; // beyond every file
    EXPECT_EQ(interpreter(far), "");
    std::string many = elf_program_for(EM_X86_64, "/lib64/ld.so");
    many[offsetof(Elf64_Ehdr, e_phnum) + 1] = 0x7f;
    EXPECT_EQ(interpreter(many), "");
    std::string small = elf_program_for(EM_X86_64, "/lib64/ld.so");
    small[offsetof(Elf64_Ehdr, e_phentsize)] = 1;
    EXPECT_EQ(interpreter(small), "");
    std::string wide = elf_program_for(EM_X86_64, "/lib64/ld.so");
    wide[offsetof(Elf64_Ehdr, e_phentsize) + 1] = 1;
    EXPECT_EQ(interpreter(wide), "");
    std::string beyond = elf_program_for(EM_X86_64, "/lib64/ld.so");
    beyond[sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset) + 7] = '\xff'; // and negative
    EXPECT_EQ(interpreter(beyond), "");
    std::string long_path = elf_program_for(EM_X86_64, "/lib64/ld.so");
    long_path[sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz) + 4] = 1; // 4 GiB
    EXPECT_EQ(interpreter(long_path), "");
    EXPECT_EQ(interpreter(elf_program_for(EM_X86_64, "/x").substr(0, 80)), "");
    EXPECT_EQ(interpreter(std::string(ELFMAG)), "");
    EXPECT_EQ(interpreter(""), "");
}

TEST_F(Interpreter, OfARealProgramIsFound) {
    const Fd self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const std::string path = interpreter_of(self.get(), std::uint64_t{1} << 40U);
    EXPECT_TRUE(std::filesystem::exists(path)) << path;
    paths.root.clear();
    EXPECT_NO_THROW(check_interpreter(self.get(), std::uint64_t{1} << 40U, {}, paths));
}

TEST_F(Interpreter, ThatIsMissingIsToldWithWhatWasWanted) {
    paths.root.clear();
    EXPECT_THAT(
        verdict("#!/usr/bin/no-such-python3\n"),
        "a script for the interpreter '/usr/bin/no-such-python3', which does not exist on this "
        "machine; a script whose interpreter is installed was wanted");
    EXPECT_THAT(
        verdict(elf_program_for(EM_X86_64, "/lib/no-such-ld.so")),
        "an ELF program that is loaded by '/lib/no-such-ld.so', which does not exist on this "
        "machine; a program for the C library that is installed, or a static one, was wanted");
    EXPECT_THAT(verdict("#!/bin/sh\r\n"), HasSubstr("'/bin/sh\\x0d', which does not exist"));
    EXPECT_EQ(verdict("#!/usr/bin/env no-such-python3\n"), "");
    EXPECT_EQ(verdict(elf_program_for(EM_X86_64, "")), "");
}

TEST_F(Interpreter, IsLookedForBelowTheRoot) {
    make_a_system();
    EXPECT_THAT(verdict("#!/bin/sh\n"),
                HasSubstr("which does not exist below '" + paths.root.string()));
    install("usr/bin/sh");
    // An image's own links count in the image, absolute ones too.
    std::filesystem::create_directory_symlink("/usr/bin", paths.root / "bin");
    EXPECT_EQ(verdict("#!/bin/sh\n"), "");
    std::filesystem::create_symlink("/usr/bin/sh", paths.root / "usr/bin/dash");
    EXPECT_EQ(verdict("#!/bin/dash\n"), "");
    // /proc is everywhere but in there.
    EXPECT_NE(verdict("#!/proc/self/exe\n"), "");
}

TEST_F(Interpreter, ThatCannotBeExecutedIsNone) {
    make_a_system();
    write_text(paths.root / "bin/sh", "");
    EXPECT_THAT(verdict("#!/bin/sh\n"), HasSubstr("which is no executable file below"));
    std::filesystem::create_directories(paths.root / "bin/folder");
    EXPECT_THAT(verdict("#!/bin/folder\n"), HasSubstr("which is no executable file below"));
}

TEST_F(Interpreter, BelowAFileIsNoneAndBehindALoopIsNotJudged) {
    make_a_system();
    write_text(paths.root / "bin/sh", "");
    EXPECT_THAT(verdict("#!/bin/sh/sh\n"), HasSubstr("which does not exist below"));
    std::filesystem::create_symlink("loop", paths.root / "bin/loop");
    EXPECT_EQ(verdict("#!/bin/loop\n"), "") << "what cannot be looked at is not known";
}

TEST_F(Interpreter, ThatCannotBeLookedAtIsNotJudged) {
    make_a_system();
    const Fd script = file_of("#!/bin/sh\n");
    EXPECT_THROW(check_interpreter(script.get(), 10, {}, paths), Error);
    write_text(paths.root / "bin/sh", "");
    EXPECT_THROW(check_interpreter(script.get(), 10, {}, paths), Error);
    test::run_with_failing_call(__NR_newfstatat, EIO, [&] {
        EXPECT_NO_THROW(check_interpreter(script.get(), 10, {}, paths));
    });
}

TEST_F(Interpreter, OfWhatCannotBeReadIsAFailure) {
    const Fd unreadable(::open(folder.path().c_str(), O_PATH | O_CLOEXEC));
    EXPECT_THROW(interpreter_of(unreadable.get(), 100), Error);
}

TEST_F(Interpreter, IsNotMissedInAnImageThatHoldsNoSystemYet) {
    EXPECT_EQ(verdict("#!/bin/sh\n"), "");
    std::filesystem::create_directories(paths.root);
    EXPECT_EQ(verdict("#!/bin/sh\n"), "");
    make_a_system();
    EXPECT_NE(verdict("#!/bin/sh\n"), "");
}

TEST_F(Interpreter, ThatArrivesInTheSamePassIsThere) {
    make_a_system();
    EXPECT_EQ(verdict("#!/usr/local/bin/node\n", {"/usr/local/bin/node"}), "");
    EXPECT_NE(verdict("#!/usr/local/bin/node\n", {"/usr/local/bin/nodes"}), "");
}

TEST_F(Interpreter, WhereTheDaemonsSandboxHidesItIsNotJudged) {
    paths.root.clear();
    EXPECT_EQ(verdict("#!/home/nobody/venv/bin/python3\n"), "");
    EXPECT_EQ(verdict("#!/tmp/no-such-program\n"), "");
}

} // namespace
} // namespace provisor
