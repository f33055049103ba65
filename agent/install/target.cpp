// SPDX-License-Identifier: Apache-2.0
#include "install/target.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/inside_root.hpp"
#include "model/drop_in.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// Opens a directory given without --root; not open when it does not exist, also when a file stands
/// on the way.
Fd open_below_root(const fs::path& folder, const Paths& paths) {
    const Fd base = open_directory(paths.root.empty() ? fs::path("/") : paths.root);
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const fs::path relative = folder.relative_path();
    Fd opened(static_cast<int>(::syscall(
        SYS_openat2, base.get(), relative.empty() ? "." : relative.c_str(), &how, sizeof how)));
    if (!opened && errno != ENOENT && errno != ENOTDIR)
        throw system_error(
            errno, fmt::format("open directory '{}'", paths.under_root(folder.string()).string()));
    return opened;
}

/// The name of an open directory, as the kernel knows it.
fs::path real_path_of(const Fd& directory, const fs::path& shown) {
    std::error_code problem;
    fs::path real = fs::read_symlink(fmt::format("/proc/self/fd/{}", directory.get()), problem);
    return problem ? shown : real;
}

/// Makes `folder`, which is `wanted` or on the way to it.
Fd make_below_root(const fs::path& folder, const fs::path& wanted, const Paths& paths,
                   std::vector<MadeDirectory>& made, Labels* labels) {
    if (Fd there = open_below_root(folder, paths))
        return there;
    const Fd parent = make_below_root(folder.parent_path(), wanted, paths, made, labels);
    const std::string what =
        fmt::format("make directory '{}'", paths.under_root(folder.string()).string());
    const bool is_new = ::mkdirat(parent.get(), folder.filename().c_str(), 0755) == 0;
    if (!is_new && errno != EEXIST) {
        const int problem = errno;
        const Error error = system_error(problem, what);
        throw Error(error.kind(), error.what() + explain_read_only(problem, wanted, paths));
    }
    Fd directory = open_below_root(folder, paths);
    struct stat facts {};
    if (!directory || ::fstat(directory.get(), &facts) != 0)
        throw system_error(directory ? errno : ENOTDIR, what);
    if (is_new)
        made.push_back({folder.string(), facts.st_ino});
    // The umask had its say in mkdir; the mode is documented.
    if (::fchmod(directory.get(), 0755) != 0)
        throw system_error(errno, what);
    if (labels != nullptr && is_new)
        labels->put(directory, real_path_of(directory, folder).string(), S_IFDIR);
    sync_fd(parent.get(), fmt::format("directory '{}'",
                                      paths.under_root(folder.parent_path().string()).string()));
    return directory;
}

Target in_directory(Fd directory, const std::string& path, const Paths& paths) {
    return {std::move(directory), fs::path(path).filename().string(), paths.under_root(path)};
}

} // namespace

std::string explain_read_only(int error_number, const fs::path& folder, const Paths& paths) {
    if (error_number != EROFS)
        return "";
    if (paths.own_unit.empty())
        return " (it is mounted read-only)";
    return fmt::format(
        " (read-only here: a read-only mount, or outside of what the sandbox of {} may "
        "write; this adds it: {})",
        paths.own_unit, write_path_command(paths.own_unit, folder.string()));
}

fs::path Target::real() const { return real_path_of(folder, shown.parent_path()) / name; }

std::optional<struct stat> Target::look() const {
    struct stat facts {};
    if (::fstatat(folder.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0)
        return facts;
    if (errno == ENOENT)
        return std::nullopt;
    throw system_error(errno, fmt::format("look at '{}'", shown.string()));
}

Fd Target::open() const {
    Fd file(::openat(folder.get(), name.c_str(),
                     O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!file)
        throw system_error(errno, fmt::format("read '{}'", shown.string()));
    return file;
}

std::optional<Target> find_target(const std::string& path, const Paths& paths) {
    Fd directory = open_below_root(fs::path(path).parent_path(), paths);
    if (!directory)
        return std::nullopt;
    return in_directory(std::move(directory), path, paths);
}

Target make_way_to_target(const std::string& path, const Paths& paths,
                          std::vector<MadeDirectory>& made, Labels* labels) {
    const fs::path directory = fs::path(path).parent_path();
    return in_directory(make_below_root(directory, directory, paths, made, labels), path, paths);
}

bool remove_if_empty(const MadeDirectory& directory, const Paths& paths) {
    const std::optional<Target> target = find_target(directory.path, paths);
    const std::optional<struct stat> facts = target ? target->look() : std::nullopt;
    if (!facts || !S_ISDIR(facts->st_mode) || facts->st_ino != directory.inode ||
        ::unlinkat(target->folder.get(), target->name.c_str(), AT_REMOVEDIR) != 0)
        return false;
    sync_fd(target->folder.get(), fmt::format("remove directory '{}'", target->shown.string()));
    return true;
}

void require_writable(const std::string& path, const Paths& paths) {
    const fs::path folder = fs::path(path).parent_path();
    // Folders that are missing are made in the first one that is there.
    for (fs::path there = real_path_inside(paths.root, folder);; there = there.parent_path()) {
        const int problem = ::access(there.c_str(), W_OK) == 0 ? 0 : errno;
        if (problem == EROFS) {
            const Error error = system_error(
                problem, fmt::format("put '{}' in place", paths.under_root(path).string()));
            throw Error(error.kind(), error.what() + explain_read_only(problem, folder, paths));
        }
        if (problem != ENOENT || !there.has_relative_path())
            return;
    }
}

} // namespace provisor
