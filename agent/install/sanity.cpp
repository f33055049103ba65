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

void skip_blanks(std::string_view& bytes) {
    while (!bytes.empty() && std::isspace(static_cast<unsigned char>(bytes.front())) != 0)
        bytes.remove_prefix(1);
}

/// Where the first element begins: behind a UTF-8 mark, an XML declaration and comments.
std::string_view first_element(std::string_view bytes) {
    if (bytes.starts_with("\xEF\xBB\xBF"))
        bytes.remove_prefix(3);
    skip_blanks(bytes);
    const auto skip = [&bytes](std::string_view begin, std::string_view end) {
        if (!bytes.starts_with(begin))
            return false;
        const std::size_t close = bytes.find(end);
        bytes.remove_prefix(close == std::string_view::npos ? bytes.size() : close + end.size());
        skip_blanks(bytes);
        return true;
    };
    while (skip("<?xml", "?>") || skip("<!--", "-->")) {
    }
    return bytes;
}

/// The page's title when the bytes are an HTML page; empty title for a page without one, absent for
/// anything else. XML, SVG, and a text that begins with a tag, are none.
std::optional<std::string> html_title(std::string_view bytes) {
    bytes = first_element(bytes);
    const std::string text = lower_case(bytes);
    if (!text.starts_with("<!doctype html") && !text.starts_with("<html"))
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
        Magic{"<"sv, "HTML or XML"},
        Magic{"{"sv, "JSON"},
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

/// The fields of an ELF header, in either class and byte order (System V ABI, "ELF Header").
class ElfHeader {
public:
    explicit ElfHeader(std::string_view bytes) : bytes_(bytes) {}

    int identity(std::size_t i) const { return byte(i); }
    bool is_wide() const { return byte(EI_CLASS) == ELFCLASS64; }
    std::uint64_t size() const { return is_wide() ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr); }
    int type() const { return static_cast<int>(number(16, 2)); }
    int machine() const { return static_cast<int>(number(18, 2)); }

    /// How large the file must be for all of its segments, as far as `bytes` describe them, and its
    /// table of sections.
    std::uint64_t end() const {
        const std::size_t word = is_wide() ? 8 : 4;
        const std::size_t tables = 24 + word; // behind the entry point
        const std::uint64_t segments = number(tables, word);
        const std::uint64_t sections = number(tables + word, word);
        const std::size_t counts = tables + 2 * word + 4 + 2; // behind the flags and e_ehsize
        std::uint64_t end = size();
        const auto reach = [&end](std::uint64_t offset, std::uint64_t length) {
            // What no file can have is beyond each end.
            end = std::max(end, offset + length < offset ? std::uint64_t{0} - 1 : offset + length);
        };
        const std::uint64_t segment_size = number(counts, 2);
        const std::uint64_t segment_count = number(counts + 2, 2);
        const std::uint64_t section_count = number(counts + 6, 2);
        if (segment_count != 0)
            reach(segments, segment_size * segment_count);
        if (section_count != 0)
            reach(sections, number(counts + 4, 2) * section_count);
        // p_offset and p_filesz.
        const std::size_t offset_at = is_wide() ? 8 : 4;
        const std::size_t length_at = is_wide() ? 32 : 16;
        for (std::uint64_t i = 0; i < segment_count; ++i) {
            const std::uint64_t at = segments + i * segment_size;
            if (at > bytes_.size() || bytes_.size() - at < length_at + word)
                break;
            if (number(at, 4) == PT_LOAD)
                reach(number(at + offset_at, word), number(at + length_at, word));
        }
        return end;
    }

private:
    int byte(std::uint64_t i) const {
        return i < bytes_.size() ? static_cast<unsigned char>(bytes_[i]) : 0;
    }
    std::uint64_t number(std::uint64_t at, std::size_t size) const {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value = value << 8U | static_cast<unsigned>(
                                      byte(at + (byte(EI_DATA) == ELFDATA2LSB ? size - 1 - i : i)));
        return value;
    }

    std::string_view bytes_;
};

/// Of another operating system, by e_ident[EI_OSABI]; empty for Linux.
std::string_view foreign_system(int abi) {
    switch (abi) {
    case ELFOSABI_NONE:
    case ELFOSABI_GNU:
    case ELFOSABI_ARM_AEABI:
    case ELFOSABI_ARM:
        return "";
    case ELFOSABI_FREEBSD:
        return "FreeBSD";
    case ELFOSABI_NETBSD:
        return "NetBSD";
    case ELFOSABI_OPENBSD:
        return "OpenBSD";
    case ELFOSABI_SOLARIS:
        return "Solaris";
    default:
        return "another operating system";
    }
}

void check_elf(const ArtifactHead& head, std::string_view machine) {
    const ElfHeader elf(head.bytes);
    if (head.bytes.size() < elf.size() || head.size < elf.size())
        refuse(fmt::format("a truncated ELF file of {} bytes; an ELF program for {} was wanted",
                           head.size, machine));
    const auto byte = [&](std::size_t i) { return elf.identity(i); };
    const int type = elf.type();
    const int found = elf.machine();
    if (type != ET_EXEC && type != ET_DYN)
        refuse(fmt::format("an ELF {} and not a program", type == ET_REL ? "object file"
                                                          : type == ET_CORE
                                                              ? "core dump"
                                                              : "file of an unknown type"));
    for (const ElfMachine& known : machines)
        if (known.name == machine) {
            if (known.machine == found && known.elf_class == byte(EI_CLASS) &&
                known.data == byte(EI_DATA))
                break;
            refuse(fmt::format("an ELF program for {}; this machine is {}",
                               name_of_machine(found, byte(EI_CLASS)), machine));
        }
    // A machine we have no row for: refusing every program there would help nobody.
    if (const std::string_view system = foreign_system(byte(EI_OSABI)); !system.empty())
        refuse(fmt::format("an ELF program for {}, and not for Linux", system));
    if (elf.end() > head.size)
        refuse(fmt::format("a truncated ELF file of {} bytes; what its header names needs {}",
                           head.size, elf.end()));
}

void check_script(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    std::string_view interpreter = bytes.substr(2, end == std::string_view::npos ? end : end - 2);
    while (!interpreter.empty() && (interpreter.front() == ' ' || interpreter.front() == '\t'))
        interpreter.remove_prefix(1);
    if (interpreter.ends_with('\r'))
        refuse("a script whose first line ends with CR LF, and the interpreter's name with CR; "
               "publish it with the line ends of Unix");
    if (!interpreter.starts_with('/'))
        refuse(fmt::format(
            "a script whose first line names no interpreter by an absolute path: \"{}\"",
            printable(bytes.substr(0, std::min<std::size_t>(end, 60)))));
}

} // namespace

void check_page(const ArtifactHead& head) {
    if (head.size == 0)
        refuse("an empty body in place of the artifact");
    if (const auto title = html_title(head.bytes))
        refuse_page(*title);
}

void check_sanity(const ArtifactHead& head, Executable executable, std::string_view machine,
                  Vouched vouched) {
    if (vouched == Vouched::no)
        check_page(head);
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
