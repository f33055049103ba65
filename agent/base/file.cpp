// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/temporary_name.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace provisor {

std::optional<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit) {
    const std::string what = fmt::format("read '{}'", path.string());
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::nullopt;
        throw system_error(errno, what);
    }
    return read_to_end(file.get(), limit, what);
}

std::string read_to_end(int fd, std::uint64_t limit, const std::string& what) {
    std::string content;
    struct stat facts {};
    if (::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0 &&
        static_cast<std::uint64_t>(facts.st_size) <= limit)
        content.reserve(static_cast<std::size_t>(facts.st_size) + 1);
    std::array<std::byte, 16384> buffer;
    while (const std::size_t got = read_some(fd, buffer, what)) {
        if (content.size() + got > limit)
            throw Error(ErrorKind::size, fmt::format("{}: more than {} bytes", what, limit));
        content.append(reinterpret_cast<const char*>(buffer.data()), got);
    }
    return content;
}

namespace {

void close_stream(DIR* stream) { ::closedir(stream); }

EntryType type_of(int directory, const dirent& entry) {
    if (entry.d_type == DT_DIR)
        return EntryType::directory;
    if (entry.d_type == DT_LNK)
        return EntryType::link;
    // Some file systems do not say.
    struct stat facts {};
    if (entry.d_type != DT_UNKNOWN ||
        ::fstatat(directory, entry.d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        return EntryType::other;
    return S_ISDIR(facts.st_mode)   ? EntryType::directory
           : S_ISLNK(facts.st_mode) ? EntryType::link
                                    : EntryType::other;
}

} // namespace

void visit_names(const std::filesystem::path& directory,
                 const std::function<void(std::string_view name, EntryType type)>& visit) {
    const auto failed = [&](int error_number) {
        return system_error(error_number, fmt::format("read directory '{}'", directory.string()));
    };
    const CPtr<DIR, close_stream> stream(::opendir(directory.c_str()));
    if (!stream) {
        if (errno == ENOENT || errno == ENOTDIR)
            return;
        throw failed(errno);
    }
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(stream.get());
        if (entry == nullptr && errno != 0)
            throw failed(errno);
        if (entry == nullptr)
            return;
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..")
            visit(name, type_of(::dirfd(stream.get()), *entry));
    }
}

std::vector<std::string> names_in(const std::filesystem::path& directory, Entries which) {
    std::vector<std::string> names;
    visit_names(directory, [&](std::string_view name, EntryType type) {
        std::error_code gone;
        const bool is_directory =
            type == EntryType::directory || (which == Entries::folders && type == EntryType::link &&
                                             std::filesystem::is_directory(directory / name, gone));
        if (which == Entries::all || is_directory == (which == Entries::folders))
            names.emplace_back(name);
    });
    return names;
}

Fd keep_writers_out(const std::filesystem::path& path) {
    // A pipe that is opened and closed again would be lost on its writer.
    if (std::error_code ignored; !std::filesystem::is_regular_file(path, ignored))
        return {};
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (file)
        keep_writers_out(file, path);
    return file;
}

void keep_writers_out(const Fd& file, const std::filesystem::path& path) {
    struct statfs facts {};
    if (::fstatfs(file.get(), &facts) != 0)
        return;
    // There the answer is about what the server granted, not about writers.
    constexpr std::uint32_t cifs = 0xff534d42;
    constexpr std::uint32_t smb2 = 0xfe534d42;
    for (const std::uint32_t network : {std::uint32_t{NFS_SUPER_MAGIC}, cifs, smb2})
        if (static_cast<std::uint32_t>(facts.f_type) == network)
            return;
    // A writer that waits is told by this signal, which nobody minds; SIGIO would end us.
    if (::fcntl(file.get(), F_SETSIG, SIGURG) != 0)
        return;
    if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN)
        throw Error(
            ErrorKind::io,
            fmt::format("read '{}': it is open for writing, so it may be half of what it is "
                        "to be; it is read once it has been closed (`fuser -v {}` tells "
                        "who has it open)",
                        path.string(), path.string()));
}

Fd open_directory(const std::filesystem::path& path) {
    Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory)
        throw system_error(errno, fmt::format("open directory '{}'", path.string()));
    return directory;
}

Error making_error(int error_number, const std::string& what, const std::filesystem::path& folder) {
    Error error = system_error(error_number, what);
    struct statvfs facts {};
    // File systems that make inodes as they need them tell of none at all.
    if (error_number != ENOSPC || ::statvfs(folder.c_str(), &facts) != 0 || facts.f_files == 0 ||
        facts.f_favail != 0)
        return error;
    return Error(error.kind(),
                 fmt::format("{} (no inode is free in '{}': it holds as many files as it can, see "
                             "`df -i`)",
                             error.what(), folder.string()));
}

void sync_fd(int fd, const std::string& what) {
    while (::fsync(fd) != 0)
        if (errno != EINTR)
            throw system_error(errno, fmt::format("sync {}", what));
}

void sync_directory(const std::filesystem::path& path) {
    sync_fd(open_directory(path).get(), fmt::format("directory '{}'", path.string()));
}

std::uint64_t require_room(int fd, std::uint64_t wanted, std::uint64_t spare,
                           const std::string& what, const char* limit) {
    struct statvfs facts {};
    // A file system that does not tell is not one to be guarded; ENOSPC remains.
    if (::fstatvfs(fd, &facts) != 0 || facts.f_blocks == 0)
        return std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t free = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
    if (free < spare || free - spare < wanted)
        throw Error(ErrorKind::space,
                    fmt::format("{}: {} more bytes are wanted, {} are free, and {} says that {} "
                                "must stay so",
                                what, wanted, free, limit, spare));
    return free - spare;
}

void replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode,
                  Durable durable, const std::filesystem::path& temporaries) {
    const std::filesystem::path directory_path =
        path.parent_path().empty() ? "." : path.parent_path();
    const std::string what = fmt::format("write '{}'", path.string());
    const Fd directory = open_directory(directory_path);
    const Fd elsewhere = temporaries.empty() ? Fd() : open_directory(temporaries);
    const int begun_in = elsewhere ? elsewhere.get() : directory.get();
    const std::string temporary = temporary_name();
    Fd file(::openat(begun_in, temporary.c_str(),
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file)
        throw making_error(errno, what, temporaries.empty() ? directory_path : temporaries);
    try {
        write_all(file.get(), content, what);
        if (::fchmod(file.get(), mode) != 0)
            throw system_error(errno, what);
        if (durable == Durable::yes)
            sync_fd(file.get(), fmt::format("'{}'", path.string()));
        if (::renameat(begun_in, temporary.c_str(), directory.get(), path.filename().c_str()) != 0)
            throw system_error(errno, what);
    } catch (...) {
        ::unlinkat(begun_in, temporary.c_str(), 0);
        throw;
    }
    if (durable == Durable::yes)
        sync_fd(directory.get(), fmt::format("directory '{}'", directory_path.string()));
}

std::vector<std::string> sweep_temporaries(const Fd& folder) {
    std::vector<std::string> removed;
    std::vector<std::string> names;
    try {
        names = names_in(fmt::format("/proc/self/fd/{}", folder.get()), Entries::all);
    } catch (const Error&) {
        // They are in nobody's way, and the next sweep sees them.
    }
    for (const std::string& name : names)
        if (is_temporary_name(name) && ::unlinkat(folder.get(), name.c_str(), 0) == 0)
            removed.push_back(name);
    return removed;
}

std::vector<std::string> sweep_temporaries(const std::filesystem::path& folder) {
    const Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened ? sweep_temporaries(opened) : std::vector<std::string>();
}

void make_directories(const std::filesystem::path& path, mode_t mode, Durable durable) {
    if (::mkdir(path.c_str(), mode) == 0) {
        // mkdir's mode went through the umask; the folder's mode is part of what we promise.
        if (::chmod(path.c_str(), mode) != 0)
            throw system_error(errno, fmt::format("set mode of '{}'", path.string()));
        if (durable == Durable::yes)
            sync_directory(path.parent_path().empty() ? "." : path.parent_path());
        return;
    }
    if (errno == EEXIST)
        return;
    if (errno != ENOENT || path.parent_path() == path || path.parent_path().empty())
        throw making_error(errno, fmt::format("make directory '{}'", path.string()),
                           path.parent_path().empty() ? "." : path.parent_path());
    make_directories(path.parent_path(), mode, durable);
    make_directories(path, mode, durable);
}

bool remove_file(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) == 0)
        return true;
    if (errno == ENOENT || errno == ENOTDIR)
        return false;
    throw system_error(errno, fmt::format("remove '{}'", path.string()));
}

} // namespace provisor
