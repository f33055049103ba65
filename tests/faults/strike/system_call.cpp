// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/system_call.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <initializer_list>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdexcept>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

namespace provisor::test {
namespace {

using Sort = Change::Sort;

/// Which arguments of a call say what it changes; -1 for none.
struct Shape {
    std::uint64_t number;
    const char* name;
    Sort sort;
    int fd = -1;     ///< the file itself
    int folder = -1; ///< what a relative path begins at; the working directory when there is none
    int path = -1;
    int size = -1;
};

const std::vector<Shape>& shapes() {
    static const std::vector<Shape> all{
#ifdef SYS_open
        {SYS_open, "open", Sort::open, -1, -1, 0},
        {SYS_creat, "creat", Sort::open, -1, -1, 0},
        {SYS_mkdir, "mkdir", Sort::make, -1, -1, 0},
        {SYS_symlink, "symlink", Sort::make, -1, -1, 1},
        {SYS_link, "link", Sort::make, -1, -1, 1},
        {SYS_mknod, "mknod", Sort::make, -1, -1, 0},
        {SYS_rename, "rename", Sort::rename, -1, -1, 1},
        {SYS_unlink, "unlink", Sort::remove, -1, -1, 0},
        {SYS_rmdir, "rmdir", Sort::remove, -1, -1, 0},
        {SYS_chmod, "chmod", Sort::attribute, -1, -1, 0},
        {SYS_chown, "chown", Sort::attribute, -1, -1, 0},
        {SYS_lchown, "lchown", Sort::attribute, -1, -1, 0},
        {SYS_utimes, "utimes", Sort::attribute, -1, -1, 0},
        {SYS_futimesat, "futimesat", Sort::attribute, -1, 0, 1},
#endif
#ifdef SYS_renameat
        {SYS_renameat, "renameat", Sort::rename, -1, 2, 3},
#endif
        {SYS_renameat2, "renameat2", Sort::rename, -1, 2, 3},
        {SYS_openat, "openat", Sort::open, -1, 0, 1},
        {SYS_openat2, "openat2", Sort::open, -1, 0, 1},
        {SYS_mkdirat, "mkdirat", Sort::make, -1, 0, 1},
        {SYS_symlinkat, "symlinkat", Sort::make, -1, 1, 2},
        {SYS_linkat, "linkat", Sort::make, -1, 2, 3},
        {SYS_mknodat, "mknodat", Sort::make, -1, 0, 1},
        {SYS_unlinkat, "unlinkat", Sort::remove, -1, 0, 1},
        {SYS_write, "write", Sort::write, 0, -1, -1, 2},
        {SYS_pwrite64, "pwrite64", Sort::write, 0, -1, -1, 2},
        {SYS_writev, "writev", Sort::write, 0},
        {SYS_pwritev, "pwritev", Sort::write, 0},
        {SYS_pwritev2, "pwritev2", Sort::write, 0},
        {SYS_copy_file_range, "copy_file_range", Sort::write, 2, -1, -1, 4},
        {SYS_sendfile, "sendfile", Sort::write, 0, -1, -1, 3},
        {SYS_splice, "splice", Sort::write, 2, -1, -1, 4},
        {SYS_fsync, "fsync", Sort::sync, 0},
        {SYS_fdatasync, "fdatasync", Sort::sync, 0},
        {SYS_syncfs, "syncfs", Sort::sync, 0},
        {SYS_sync_file_range, "sync_file_range", Sort::sync, 0},
        {SYS_ftruncate, "ftruncate", Sort::truncate, 0},
        {SYS_truncate, "truncate", Sort::truncate, -1, -1, 0},
        {SYS_fallocate, "fallocate", Sort::allocate, 0},
        {SYS_fchmod, "fchmod", Sort::attribute, 0},
        {SYS_fchmodat, "fchmodat", Sort::attribute, -1, 0, 1},
        {SYS_fchown, "fchown", Sort::attribute, 0},
        {SYS_fchownat, "fchownat", Sort::attribute, -1, 0, 1},
        {SYS_utimensat, "utimensat", Sort::attribute, -1, 0, 1},
        {SYS_setxattr, "setxattr", Sort::attribute, -1, -1, 0},
        {SYS_lsetxattr, "lsetxattr", Sort::attribute, -1, -1, 0},
        {SYS_fsetxattr, "fsetxattr", Sort::attribute, 0},
        {SYS_removexattr, "removexattr", Sort::attribute, -1, -1, 0},
        {SYS_lremovexattr, "lremovexattr", Sort::attribute, -1, -1, 0},
        {SYS_fremovexattr, "fremovexattr", Sort::attribute, 0},
        {SYS_ioctl, "ioctl", Sort::write, 0},
    };
    return all;
}

const Shape* shape_of(std::uint64_t number) {
    const auto found = std::find_if(shapes().begin(), shapes().end(),
                                    [&](const Shape& one) { return one.number == number; });
    return found == shapes().end() ? nullptr : &*found;
}

/// What there is at an address of the thread, up to `size` bytes.
std::string memory_at(pid_t thread, std::uint64_t address, std::size_t size) {
    std::string bytes(size, '\0');
    const iovec ours{bytes.data(), size};
    const iovec theirs{reinterpret_cast<void*>(address), size};
    const ssize_t got = ::process_vm_readv(thread, &ours, 1, &theirs, 1, 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
}

/// In pieces that lie within a page each: the one behind may not be there.
std::string text_at(pid_t thread, std::uint64_t address) {
    constexpr std::uint64_t page = 4096;
    std::string text;
    while (text.size() < PATH_MAX) {
        const std::string piece = memory_at(thread, address, page - address % page);
        const std::size_t end = piece.find('\0');
        text += piece.substr(0, end);
        if (piece.empty() || end != std::string::npos)
            break;
        address += piece.size();
    }
    return text;
}

std::string link_at(const std::string& path) {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    return size < 0 ? "" : std::string(target.data(), static_cast<std::size_t>(size));
}

std::string path_of_fd(pid_t thread, std::uint64_t argument) {
    const std::string proc = "/proc/" + std::to_string(thread);
    const int fd = static_cast<int>(argument);
    return link_at(fd == AT_FDCWD ? proc + "/cwd" : proc + "/fd/" + std::to_string(fd));
}

std::string changed_path(pid_t thread, const SystemCall& call, const Shape& shape) {
    const auto argument = [&](int index) {
        return call.arguments.at(static_cast<std::size_t>(index));
    };
    if (shape.fd >= 0)
        return path_of_fd(thread, argument(shape.fd));
    std::string path = argument(shape.path) == 0 ? "" : text_at(thread, argument(shape.path));
    if (path.starts_with("/"))
        return path;
    const std::string folder = path_of_fd(
        thread, shape.folder < 0 ? static_cast<std::uint64_t>(AT_FDCWD) : argument(shape.folder));
    return path.empty() ? folder : folder + "/" + path;
}

/// A file that outlives the program. Sockets and pipes have names without a slash.
bool is_in_file_system(const std::string& path) {
    if (path.starts_with("/dev/shm/"))
        return true;
    const std::initializer_list<const char*> others{"/dev/", "/proc/", "/sys/", "/memfd:"};
    return path.starts_with("/") &&
           std::none_of(others.begin(), others.end(),
                        [&](const char* prefix) { return path.starts_with(prefix); });
}

bool opens_for_change(pid_t thread, const SystemCall& call) {
    std::uint64_t flags = O_CREAT;
    if (call.number == SYS_openat)
        flags = call.arguments[2];
#ifdef SYS_open
    if (call.number == SYS_open)
        flags = call.arguments[1];
#endif
    if (call.number == SYS_openat2) {
        const std::string how = memory_at(thread, call.arguments[2], sizeof flags);
        if (how.size() != sizeof flags)
            return false;
        std::copy(how.begin(), how.end(), reinterpret_cast<char*>(&flags));
    }
    // O_TMPFILE contains O_DIRECTORY.
    return (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

bool is_one_of(int error, std::initializer_list<int> errors) {
    return std::find(errors.begin(), errors.end(), error) != errors.end();
}

constexpr std::array<const char*, 10> sort_names{"open",      "make",  "rename",   "remove",
                                                 "write",     "sync",  "truncate", "allocate",
                                                 "attribute", "socket"};

} // namespace

std::optional<Change> change_by(pid_t thread, const SystemCall& call) {
    const Shape* shape = shape_of(call.number);
    if (shape == nullptr || (shape->sort == Sort::open && !opens_for_change(thread, call)))
        return std::nullopt;
    if (call.number == SYS_ioctl && (call.arguments[1] & 0xffffffff) != FICLONE &&
        (call.arguments[1] & 0xffffffff) != FICLONERANGE)
        return std::nullopt;
    Change change{shape->sort, shape->name, changed_path(thread, call, *shape)};
    if (!is_in_file_system(change.path))
        return std::nullopt;
    if (shape->size >= 0) {
        change.size_argument = shape->size;
        change.size = call.arguments.at(static_cast<std::size_t>(shape->size));
    }
    return change;
}

std::optional<Change> message_by(const SystemCall& call) {
    switch (call.number) {
    case SYS_sendto:
        return Change{Sort::socket, "sendto"};
    case SYS_sendmsg:
        return Change{Sort::socket, "sendmsg"};
    case SYS_recvfrom:
        return Change{Sort::socket, "recvfrom"};
    case SYS_recvmsg:
        return Change{Sort::socket, "recvmsg"};
    default:
        return std::nullopt;
    }
}

bool can_fail_with(const Change& change, int error) {
    switch (change.sort) {
    case Sort::open:
        // Interrupted is only what waits for a slow device: open(2).
        return error != EINTR;
    case Sort::make:
    case Sort::rename:
        return is_one_of(error, {ENOSPC, EIO, EDQUOT, EROFS, ENOMEM});
    case Sort::remove:
        return is_one_of(error, {EIO, EROFS, ENOMEM});
    case Sort::write:
        return is_one_of(error, {ENOSPC, EIO, EDQUOT, ENOMEM, EINTR});
    case Sort::sync:
        return is_one_of(error, {ENOSPC, EIO, EDQUOT, EINTR});
    case Sort::truncate:
        return is_one_of(error, {EIO, EINTR, EROFS});
    case Sort::allocate:
        return is_one_of(error, {ENOSPC, EIO, EDQUOT, EINTR});
    case Sort::attribute:
        return is_one_of(error, {EIO, EROFS, EDQUOT, ENOMEM});
    case Sort::socket:
        break;
    }
    return false;
}

const char* to_text(Sort sort) { return sort_names.at(static_cast<std::size_t>(sort)); }

Sort parse_sort(const std::string& text) {
    const auto* found = std::find(sort_names.begin(), sort_names.end(), text);
    if (found == sort_names.end())
        throw std::invalid_argument("no sort of call: " + text);
    return static_cast<Sort>(found - sort_names.begin());
}

} // namespace provisor::test
