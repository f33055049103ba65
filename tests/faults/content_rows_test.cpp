// SPDX-License-Identifier: Apache-2.0
// Rows 43, 106 and 108: bodies that came whole and are not what was wanted.
#include "faults/row.hpp"
#include "local/unpack/archives.hpp"
#include "support/elf_program.hpp"

#include <elf.h>
#include <gmock/gmock.h>

namespace provisor::test {
namespace {

constexpr std::uint64_t all = 400'000;

/// The head of an ELF program.
std::string elf(unsigned char elf_class, unsigned char data, unsigned char machine,
                std::size_t size = 4096) {
    std::string bytes(size, '\0');
    bytes.replace(0, 4, ELFMAG);
    bytes[EI_CLASS] = static_cast<char>(elf_class);
    bytes[EI_DATA] = static_cast<char>(data);
    bytes[EI_VERSION] = EV_CURRENT;
    const bool little = data == ELFDATA2LSB;
    if (size > 19) {
        bytes[little ? 16 : 17] = ET_DYN;
        bytes[little ? 18 : 19] = static_cast<char>(machine);
    }
    return bytes;
}

Row insane(const char* name, std::string content, std::vector<std::string> says,
           bool golden = false) {
    return {.name = name,
            .content = std::move(content),
            .kind = "sanity",
            .says = std::move(says),
            .bytes = all,
            .golden = golden};
}

/// Of this machine, and of FreeBSD.
std::string foreign_elf() {
    std::string program = elf(ELFCLASS64, ELFDATA2LSB, EM_X86_64);
    if (const int machine = this_elf_machine(); machine != 0)
        program = elf_program_for(machine, "/libexec/ld-elf.so.1");
    program[EI_OSABI] = ELFOSABI_FREEBSD;
    return program;
}

const std::vector<Row> programs{
    insane("Row106AnotherArchitecture", elf(ELFCLASS64, ELFDATA2MSB, EM_S390),
           {"an ELF program for s390x; this machine is "}, true),
    insane("Row106Of32Bits", elf(ELFCLASS32, ELFDATA2LSB, EM_386), {"; this machine is "}),
    insane("Row106CutElf", elf(ELFCLASS64, ELFDATA2LSB, EM_X86_64, 7),
           {"a truncated ELF file of 7 bytes", "was wanted"}, true),
    insane("Row106ScriptWithoutItsLine", "echo hello\n",
           {"data that begins with \"echo hello", "a script with \"#!\" was wanted"}, true),
    insane("Row106Json", "{\"message\": \"Not Found\"}", {"JSON", "was wanted"}, true),
    insane("Row106ScriptOfWindows", "#!/bin/sh\r\nexit 0\r\n",
           {"a script whose first line ends with CR LF"}, true),
    insane("Row106OfAnotherSystem", foreign_elf(), {"an ELF program for FreeBSD"}),
    insane("Row106RelativeInterpreter", "#!python3\n", {"names no interpreter"}),
};

/// The scene's root becomes one of a system, which has /bin/sh and nothing else.
void make_a_system(Scene& scene) {
    write_text(scene.machine.under("etc/os-release"), "ID=tested\n");
    write_text(scene.machine.under("bin/sh"), "#!");
    std::filesystem::permissions(scene.machine.under("bin/sh"), std::filesystem::perms(0755));
}

Row without_interpreter(const char* name, std::string content, const char* says,
                        bool golden = false) {
    Row row = insane(name, std::move(content),
                     {says, "which does not exist below '", " was wanted"}, golden);
    row.arrange = make_a_system;
    return row;
}

std::vector<Row> all_without_interpreter() {
    std::vector<Row> rows{without_interpreter("Row106ScriptWithoutItsInterpreter",
                                              "#!/usr/bin/python3 -I\nprint(1)\n",
                                              "a script for the interpreter '/usr/bin/python3'",
                                              true),
                          without_interpreter("Row106EnvIsMissing", "#!/usr/bin/env sh\n",
                                              "interpreter '/usr/bin/env'")};
    // Of another machine it would be refused for that.
    if (const int machine = this_elf_machine(); machine != 0)
        rows.push_back(without_interpreter("Row106ElfWithoutItsInterpreter",
                                           elf_program_for(machine, "/lib/ld-musl-nowhere.so.1"),
                                           "is loaded by '/lib/ld-musl-nowhere.so.1'", true));
    return rows;
}

const std::vector<Row> interpreters = all_without_interpreter();

/// What `app` is to be taken from, in the faulty pass only.
void from_an_archive(Scene& scene) {
    scene.app_lines = "    files:\n      - from: \"*/app\"\n        path: /opt/app\n        mode: "
                      "\"0750\"\n";
}

void from_the_body(Scene& scene) { scene.app_lines.clear(); }

Row archive(const char* name, std::string content, std::string kind, std::vector<std::string> says,
            bool golden = false) {
    return {.name = name,
            .content = std::move(content),
            .arrange = from_an_archive,
            .mend = from_the_body,
            .kind = std::move(kind),
            .says = std::move(says),
            .bytes = all,
            .golden = golden};
}

Row tarball(const char* name, const std::vector<Forged>& members, std::vector<std::string> says,
            bool golden = false) {
    return archive(name, gzip_of(tar_of(members)), "unpack", std::move(says), golden);
}

const std::string whole_tar = gzip_of(tar_of({{"x/app", program(2)}}));

const std::vector<Row> archives{
    {.name = "Row108Right",
     .content = whole_tar,
     .arrange = from_an_archive,
     .mend = from_the_body,
     .decision = "update",
     .bytes = all},
    tarball("Row108NoMatch", {{"x/other", "x"}}, {"'*/app' matches no member", "x/other"}, true),
    tarball("Row108TwoMatches", {{"x/app", "1"}, {"y/app", "2"}},
            {"'*/app' matches more than one member: 'x/app' and 'y/app'"}, true),
    tarball("Row108ClimbingName", {{"../app", program(2)}},
            {"member '../app' has a name with \"..\""}, true),
    tarball("Row108AbsoluteName", {{"/app", program(2)}}, {"has an absolute name"}),
    tarball("Row108SymbolicLink", {{"x/app", "", '2', "/etc/passwd"}},
            {"member 'x/app' is a symbolic link, not a regular file"}, true),
    tarball("Row108FileBehindASymbolicLink", {{"x", "", '2', "/etc"}, {"x/app", program(2)}},
            {"lies behind 'x'"}),
    tarball("Row108HardLinkOut", {{"x/app", "", '1', "/etc/passwd"}}, {"is a hard link"}),
    tarball("Row108Device", {{"x/app", "", '3'}}, {"is a character device"}),
    tarball("Row108Fifo", {{"x/app", "", '6'}}, {"is a FIFO"}),
    tarball("Row108TwiceTheSameName", {{"x/app", program(2)}, {"x/app", program(3)}},
            {"'x/app' is in the archive twice"}),
    tarball("Row108NameThatIsNoUtf8", {{"x\xff/app", program(2)}}, {"not UTF-8"}),
    archive("Row108Truncated", whole_tar.substr(0, whole_tar.size() / 2), "unpack", {}, true),
    archive("Row108TrailingGarbage", whole_tar + "garbage", "unpack", {}, true),
    archive("Row108NoArchive", program(2), "unpack", {}, true),
    archive("Row108MemberIsAWebPage",
            gzip_of(tar_of({{"x/app", "<html><title>Sorry</title></html>"}})), "sanity",
            {"member 'x/app'", "HTML or XML"}),
    // 16 MiB of zeros in 16 KiB, of which one MiB is allowed.
    archive("Row43Bomb", gzip_of(tar_of({{"x/app", std::string(16 << 20, '\0')}})), "size",
            {"limits.artifact_size"}, true),
    archive("Row108NestedBomb", gzip_of(gzip_of(tar_of({{"x/app", std::string(16 << 20, '\0')}}))),
            "unpack", {}),
};

TEST(Interpreter, Row106OfAMemberIsMissed) {
    Scene scene;
    scene.install(1);
    make_a_system(scene);
    from_an_archive(scene);
    scene.publish(2);
    scene.origin.serve("/app", page(gzip_of(tar_of({{"x/app", "#!/usr/bin/perl\n"}})), "\"v2\""));
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.told.at("app").kind, "sanity");
    EXPECT_THAT(run.told.at("app").message,
                testing::AllOf(testing::HasSubstr("member 'x/app'"),
                               testing::HasSubstr("the interpreter '/usr/bin/perl'")));
    expect_untouched(scene, before);
    expect_beside_unharmed(scene, run, 2);
}

TEST(Interpreter, Row106OfTheSamePassIsNotMissed) {
    Scene scene;
    make_a_system(scene);
    scene.publish(2);
    scene.origin.serve("/app", page("#!/opt/beside\n", "\"v2\""));
    EXPECT_EQ(scene.machine.apply().status, 0);
    EXPECT_EQ(read_text(scene.target()), "#!/opt/beside\n");
}

PROVISOR_FAULT_ROWS(Programs, programs);
PROVISOR_FAULT_ROWS(Interpreters, interpreters);
PROVISOR_FAULT_ROWS(Archives, archives);

} // namespace
} // namespace provisor::test
