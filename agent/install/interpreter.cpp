// SPDX-License-Identifier: Apache-2.0
#include "install/interpreter.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace provisor {
namespace {

using namespace std::string_view_literals;

/// The kernel looks no further for the end of the first line (BINPRM_BUF_SIZE).
constexpr std::size_t line_limit = 256;
/// No linker writes as many as this, and a kernel reads no more than 64 KiB of them.
constexpr unsigned max_program_headers = 1024;

/// So many bytes from there, fewer at the end of the file.
std::string read_at(int fd, std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = ::pread(fd, bytes.data(), size, static_cast<off_t>(offset));
    if (got < 0)
        throw system_error(errno, "read the received content");
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
}

std::string interpreter_of_script(std::string_view line) {
    line = line.substr(2, std::min(line.find('\n'), line.size()) - 2);
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(begin);
    return std::string(line.substr(0, line.find_first_of(" \t\0"sv)));
}

/// An unsigned number of so many bytes; 0 beyond the end.
std::uint64_t number_at(std::string_view bytes, std::size_t offset, std::size_t size, bool little) {
    if (offset + size > bytes.size())
        return 0;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t at = little ? size - 1 - i : i;
        number = number << 8U | static_cast<unsigned char>(bytes[offset + at]);
    }
    return number;
}

/// Where the fields lie that lead to the interpreter.
struct ElfLayout {
    std::size_t word; ///< bytes of an offset
    std::size_t headers, header_size, header_count;
    std::size_t offset, size; ///< in a program header
};
constexpr ElfLayout wide{8,
                         offsetof(Elf64_Ehdr, e_phoff),
                         offsetof(Elf64_Ehdr, e_phentsize),
                         offsetof(Elf64_Ehdr, e_phnum),
                         offsetof(Elf64_Phdr, p_offset),
                         offsetof(Elf64_Phdr, p_filesz)};
constexpr ElfLayout narrow{4,
                           offsetof(Elf32_Ehdr, e_phoff),
                           offsetof(Elf32_Ehdr, e_phentsize),
                           offsetof(Elf32_Ehdr, e_phnum),
                           offsetof(Elf32_Phdr, p_offset),
                           offsetof(Elf32_Phdr, p_filesz)};

std::string interpreter_of_elf(int fd, std::uint64_t size) {
    const std::string head = read_at(fd, 0, sizeof(Elf64_Ehdr));
    if (head.size() < sizeof(Elf32_Ehdr))
        return "";
    const ElfLayout& layout = head[EI_CLASS] == ELFCLASS64 ? wide : narrow;
    const bool little = head[EI_DATA] == ELFDATA2LSB;
    const std::uint64_t begin = number_at(head, layout.headers, layout.word, little);
    const std::uint64_t each = number_at(head, layout.header_size, 2, little);
    const std::uint64_t count = number_at(head, layout.header_count, 2, little);
    if (begin >= size || each < sizeof(Elf32_Phdr) || each > 256 || count > max_program_headers)
        return "";
    const std::string headers = read_at(fd, begin, each * count);
    for (std::size_t at = 0; at + each <= headers.size(); at += each) {
        if (number_at(headers, at, 4, little) != PT_INTERP)
            continue;
        const std::uint64_t offset = number_at(headers, at + layout.offset, layout.word, little);
        const std::uint64_t length = number_at(headers, at + layout.size, layout.word, little);
        if (offset >= size || length > PATH_MAX)
            return "";
        const std::string path = read_at(fd, offset, length);
        return path.substr(0, path.find('\0'));
    }
    return "";
}

/// Where ProtectHome= and PrivateTmp= show the daemon something else than there is.
bool may_be_hidden(std::string_view path) {
    static constexpr std::array folders{"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"};
    return std::any_of(folders.begin(), folders.end(),
                       [&](const char* folder) { return path.starts_with(folder); });
}

enum class Found { no, yes, not_executable };

/// What is at a path below `root`, whose links stay in there.
Found find_below(const std::filesystem::path& root, const std::string& path) {
    const Fd base(::open(root.empty() ? "/" : root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const Fd file(
        static_cast<int>(::syscall(SYS_openat2, base.get(), path.c_str(), &how, sizeof how)));
    struct stat facts {};
    if (!file)
        return errno == ENOENT || errno == ENOTDIR ? Found::no : Found::yes;
    if (::fstat(file.get(), &facts) != 0)
        return Found::yes;
    return S_ISREG(facts.st_mode) && (facts.st_mode & 0111) != 0 ? Found::yes
                                                                 : Found::not_executable;
}

bool holds_a_system(const std::filesystem::path& root) {
    return find_below(root, "/etc/os-release") != Found::no ||
           find_below(root, "/usr/lib/os-release") != Found::no;
}

} // namespace

std::string interpreter_of(int fd, std::uint64_t size) {
    const std::string head = read_at(fd, 0, line_limit);
    if (head.starts_with("#!"))
        return interpreter_of_script(head);
    return head.starts_with(ELFMAG) ? interpreter_of_elf(fd, size) : "";
}

void check_interpreter(int fd, std::uint64_t size, const std::set<std::string>& arriving,
                       const Paths& paths) {
    const std::string interpreter = interpreter_of(fd, size);
    if (!interpreter.starts_with('/') || arriving.contains(interpreter) ||
        may_be_hidden(interpreter) || (!paths.root.empty() && !holds_a_system(paths.root)))
        return;
    const Found found = find_below(paths.root, interpreter);
    if (found == Found::yes)
        return;
    const bool script = read_at(fd, 0, 2) == "#!";
    const std::string where =
        paths.root.empty() ? "on this machine" : fmt::format("below '{}'", paths.root.string());
    throw Error(
        ErrorKind::sanity,
        fmt::format("{} '{}', {} {}; {} was wanted",
                    script ? "a script for the interpreter" : "an ELF program that is loaded by",
                    printable(interpreter, 200),
                    found == Found::no ? "which does not exist" : "which is no executable file",
                    where,
                    script ? "a script whose interpreter is installed"
                           : "a program for the C library that is installed, or a static one,"));
}

} // namespace provisor
