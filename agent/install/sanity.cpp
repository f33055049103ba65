// SPDX-License-Identifier: Apache-2.0
#include "install/sanity.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <elf.h>
#include <fmt/format.h>
#include <optional>

namespace provisor {
namespace {

struct ElfMachine {
    std::string_view name; ///< as uname -m says
    int machine;
    int elf_class;
    int data;
};

constexpr std::array machines{
    ElfMachine{"x86_64", EM_X86_64, ELFCLASS64, ELFDATA2LSB},
    ElfMachine{"aarch64", EM_AARCH64, ELFCLASS64, ELFDATA2LSB},
    ElfMachine{"i686", EM_386, ELFCLASS32, ELFDATA2LSB},
    ElfMachine{"i386", EM_386, ELFCLASS32, ELFDATA2LSB},
    ElfMachine{"armv7l", EM_ARM, ELFCLASS32, ELFDATA2LSB},
    ElfMachine{"armv6l", EM_ARM, ELFCLASS32, ELFDATA2LSB},
    ElfMachine{"ppc64le", EM_PPC64, ELFCLASS64, ELFDATA2LSB},
    ElfMachine{"s390x", EM_S390, ELFCLASS64, ELFDATA2MSB},
    ElfMachine{"riscv64", EM_RISCV, ELFCLASS64, ELFDATA2LSB},
    ElfMachine{"loongarch64", 258, ELFCLASS64, ELFDATA2LSB},
    ElfMachine{"mips64", EM_MIPS, ELFCLASS64, ELFDATA2MSB},
};

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::sanity, message); }

[[noreturn]] void refuse_page(const std::string& title) {
    const std::string page =
        title.empty() ? "an HTML page" : fmt::format("an HTML page, title \"{}\"", title);
    Error error(ErrorKind::sanity, page + (title.empty() ? "" : ",") + " in place of the artifact");
    error.web_page = page;
    throw error;
}

/// The page's title when the bytes are an HTML page; empty title for a page without one, absent for
/// anything else.
std::optional<std::string> html_title(std::string_view bytes) {
    if (bytes.starts_with("\xEF\xBB\xBF"))
        bytes.remove_prefix(3);
    while (!bytes.empty() && std::isspace(static_cast<unsigned char>(bytes.front())) != 0)
        bytes.remove_prefix(1);
    const std::string text = lower_case(bytes);
    static constexpr std::array openings{"<!doctype html", "<html", "<head", "<body", "<title",
                                         "<script",        "<!--",  "<h1",   "<br",   "<p>",
                                         "<div",           "<table"};
    if (std::none_of(openings.begin(), openings.end(),
                     [&](const char* tag) { return text.starts_with(tag); }))
        return std::nullopt;
    const std::size_t tag = text.find("<title");
    const std::size_t begin = tag == std::string::npos ? tag : text.find('>', tag);
    const std::size_t end = begin == std::string::npos ? begin : text.find("</title", begin);
    if (end == std::string::npos)
        return "";
    return printable(bytes.substr(begin + 1, end - begin - 1), 120);
}

/// What the first bytes say the thing is, for a message.
std::string describe(std::string_view bytes) {
    struct Magic {
        std::string_view prefix;
        std::string_view name;
    };
    using namespace std::string_view_literals;
    static constexpr std::array magics{
        Magic{"\x1f\x8b"sv, "gzip data"},
        Magic{"\x28\xb5\x2f\xfd"sv, "zstd data"},
        Magic{"\xfd"
              "7zXZ\0"sv,
              "xz data"},
        Magic{"BZh"sv, "bzip2 data"},
        Magic{"PK\x03\x04"sv, "a zip archive"},
        Magic{"MZ"sv, "a Windows program"},
        Magic{"\xcf\xfa\xed\xfe"sv, "a macOS program"},
        Magic{"\xca\xfe\xba\xbe"sv, "a macOS program"},
        Magic{"!<arch>\n"sv, "an ar archive (deb?)"},
        Magic{"\xed\xab\xee\xdb"sv, "an rpm package"},
        Magic{"{"sv, "JSON"},
        Magic{"<?xml"sv, "XML"},
        Magic{"-----BEGIN"sv, "PEM text"},
    };
    for (const Magic& magic : magics)
        if (bytes.starts_with(magic.prefix))
            return std::string(magic.name);
    if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar")
        return "a tar archive";
    return fmt::format("data that begins with \"{}\"", printable(bytes.substr(0, 32), 48));
}

std::string name_of_machine(int machine, int elf_class) {
    for (const ElfMachine& known : machines)
        if (known.machine == machine && known.elf_class == elf_class)
            return std::string(known.name);
    return fmt::format("machine {} ({}-bit)", machine, elf_class == ELFCLASS64 ? 64 : 32);
}

/// Only the fields whose place does not depend on the ELF class are read: e_ident, e_type and
/// e_machine.
void check_elf(const ArtifactHead& head, std::string_view machine) {
    const std::string_view bytes = head.bytes;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const bool is_wide = bytes.size() > EI_CLASS && byte(EI_CLASS) == ELFCLASS64;
    const std::uint64_t header = is_wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    if (head.size < header || bytes.size() < 20)
        refuse(fmt::format("a truncated ELF file of {} bytes; an ELF program for {} was wanted",
                           head.size, machine));
    const bool little = byte(EI_DATA) == ELFDATA2LSB;
    const auto half = [&](std::size_t i) {
        return little ? byte(i) | byte(i + 1) << 8 : byte(i) << 8 | byte(i + 1);
    };
    const int type = half(16);
    const int found = half(18);
    if (type != ET_EXEC && type != ET_DYN)
        refuse(fmt::format("an ELF {} and not a program", type == ET_REL ? "object file"
                                                          : type == ET_CORE
                                                              ? "core dump"
                                                              : "file of an unknown type"));
    for (const ElfMachine& known : machines)
        if (known.name == machine) {
            if (known.machine == found && known.elf_class == byte(EI_CLASS) &&
                known.data == byte(EI_DATA))
                return;
            refuse(fmt::format("an ELF program for {}; this machine is {}",
                               name_of_machine(found, byte(EI_CLASS)), machine));
        }
    // A machine we have no row for: refusing every program there would help nobody.
}

void check_script(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    std::string_view interpreter = bytes.substr(2, end == std::string_view::npos ? end : end - 2);
    while (!interpreter.empty() && (interpreter.front() == ' ' || interpreter.front() == '\t'))
        interpreter.remove_prefix(1);
    if (!interpreter.starts_with('/'))
        refuse(fmt::format(
            "a script whose first line names no interpreter by an absolute path: \"{}\"",
            printable(bytes.substr(0, std::min<std::size_t>(end, 60)))));
}

} // namespace

void check_sanity(const ArtifactHead& head, Executable executable, std::string_view machine) {
    if (head.size == 0)
        refuse("an empty body in place of the artifact");
    // Executable or not: where a manifest expects an artifact, an HTML page is an error page until
    // a pin says otherwise.
    if (const auto title = html_title(head.bytes))
        refuse_page(*title);
    if (executable == Executable::no)
        return;
    if (head.bytes.starts_with(ELFMAG))
        check_elf(head, machine);
    else if (head.bytes.starts_with("#!"))
        check_script(head.bytes);
    else
        refuse(fmt::format("{}; an ELF program for {} or a script with \"#!\" was wanted",
                           describe(head.bytes), machine));
}

} // namespace provisor
