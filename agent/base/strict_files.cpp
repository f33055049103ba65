// SPDX-License-Identifier: Apache-2.0
#include "base/strict_files.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/path_walk.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
constexpr const char* null_device = "/dev/null";

/// What follows in a message on the path of what is not read.
[[noreturn]] void refuse(const std::string& why) {
    throw Error(ErrorKind::config, "is not read: " + why);
}

/// How others than root may change what has these facts; empty when they may not.
std::string say_open(const struct stat& facts) {
    if (facts.st_uid != 0)
        return fmt::format("belongs to uid {}", facts.st_uid);
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fmt::format("may be written by {} (mode {:04o})",
                           (facts.st_mode & S_IWOTH) != 0 ? "everybody"
                                                          : fmt::format("gid {}", facts.st_gid),
                           facts.st_mode & 07777);
    return "";
}

/// In a directory of root's with the sticky bit (/tmp) others may make new names, but neither
/// remove nor rename what is root's (unlink(2), EPERM). So a name that leads on to what is root's
/// leads there for good, and what others have made is found out by its owner, when it is entered or
/// followed in turn. It is no directory to read all files of: a file that appears there may be
/// root's and meant for something else (a hard link).
bool is_sticky(const struct stat& directory) {
    return directory.st_uid == 0 && (directory.st_mode & S_ISVTX) != 0;
}

std::string remedy(const std::string& shown) {
    return fmt::format("`chown root: '{0}'; chmod go-w '{0}'`", shown);
}

void require_roots_directory(const struct stat& facts, const std::string& shown) {
    if (const std::string open = say_open(facts); !open.empty())
        refuse(fmt::format("directory '{}' {}, and root obeys only what root alone can change; {}",
                           shown, open, remedy(shown)));
}

void require_roots_file(const struct stat& facts, const std::string& shown) {
    if (const std::string open = say_open(facts); !open.empty())
        refuse(fmt::format("'{}' {}, and root obeys only what root alone can change; {}", shown,
                           open, remedy(shown)));
}

/// A walk by these rules, which also finds out whether everybody could go it.
class StrictWalk {
public:
    explicit StrictWalk(const FileRules& rules)
        : rules_(rules),
          walk_(rules.root,
                {[this](const struct stat& facts, const fs::path& name) { enter(facts, name); },
                 [this](const struct stat& directory, const struct stat& link,
                        const fs::path& name) { follow(directory, link, name); }}) {}

    /// `path` has the root in front. A link that leads nowhere is refused.
    PathWalk::End go(const fs::path& path) {
        const fs::path whole = fs::absolute(path);
        const PathWalk::End end =
            walk_.go(rules_.root.empty() ? whole : whole.lexically_relative(rules_.root));
        if (end == PathWalk::End::dangling)
            refuse(fmt::format("the link '{0}' leads nowhere; make what it leads to, or remove it "
                               "(`rm '{0}'`)",
                               walk_.shown(walk_.last_link())));
        return end;
    }
    const PathWalk& walk() const { return walk_; }
    bool is_reachable() const { return is_reachable_; }

private:
    void enter(const struct stat& facts, const fs::path& name) {
        is_reachable_ = is_reachable_ && (facts.st_mode & S_IXOTH) != 0;
        const bool is_root_of_image = !rules_.root.empty() && name == "/";
        if (rules_.only_root && !is_root_of_image && !is_sticky(facts))
            require_roots_directory(facts, shown(name));
    }
    void follow(const struct stat& directory, const struct stat& link, const fs::path& name) const {
        // Elsewhere only root could have made it, and giving it away changed nothing about it.
        if (rules_.only_root && link.st_uid != 0 && (directory.st_mode & (S_IWGRP | S_IWOTH)) != 0)
            require_roots_file(link, shown(name));
    }
    /// walk_ is not made yet when its root is entered.
    std::string shown(const fs::path& name) const {
        return rules_.root.empty() ? name.string() : (rules_.root / name.relative_path()).string();
    }

    const FileRules& rules_;
    bool is_reachable_ = true;
    PathWalk walk_;
};

[[noreturn]] void refuse_kind(mode_t mode) {
    refuse(fmt::format("it is {}, and only regular files are read; move it elsewhere",
                       S_ISDIR(mode)    ? "a directory"
                       : S_ISFIFO(mode) ? "a FIFO"
                       : S_ISSOCK(mode) ? "a socket"
                                        : "a device"));
}

bool is_null_device(const struct stat& facts) {
    return S_ISCHR(facts.st_mode) && facts.st_rdev == makedev(1, 3);
}

/// Opens what is no link and was seen to have these facts.
StrictFile open_seen(const Fd& directory, const std::string& name, const struct stat& seen,
                     const std::string& shown, const FileRules& rules) {
    if (is_null_device(seen))
        return {Fd(), true, true};
    // Not opened to find out: that alone may do something (a tape winds back, a watchdog starts).
    if (!S_ISREG(seen.st_mode))
        refuse_kind(seen.st_mode);
    StrictFile file;
    // O_NONBLOCK: it may have become a FIFO.
    file.fd = Fd(::openat(directory.get(), name.c_str(),
                          O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK));
    struct stat facts {};
    if (!file.fd || ::fstat(file.fd.get(), &facts) != 0)
        throw system_error(errno, fmt::format("read '{}'", shown));
    if (!S_ISREG(facts.st_mode))
        refuse_kind(facts.st_mode);
    if (rules.only_root)
        require_roots_file(facts, shown);
    file.is_public = (facts.st_mode & S_IROTH) != 0;
    return file;
}

std::optional<struct stat> look_at(const Fd& directory, const std::string& name,
                                   const fs::path& shown) {
    struct stat facts {};
    if (::fstatat(directory.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0)
        return facts;
    if (errno == ENOENT)
        return std::nullopt;
    throw system_error(errno, fmt::format("look at '{}'", shown.string()));
}

} // namespace

std::optional<StrictFile> open_strictly(const fs::path& file, const FileRules& rules) {
    const fs::path whole = fs::absolute(file);
    const auto directory =
        StrictDirectory::open(whole.parent_path(), rules, StrictDirectory::Sticky::allow);
    return directory ? directory->open_file(whole.filename().string()) : std::nullopt;
}

std::optional<StrictDirectory> StrictDirectory::open(const fs::path& path, const FileRules& rules) {
    return open(path, rules, Sticky::refuse);
}

std::optional<StrictDirectory> StrictDirectory::open(const fs::path& path, const FileRules& rules,
                                                     Sticky sticky) {
    StrictWalk strict(rules);
    const PathWalk::End end = strict.go(path);
    const PathWalk& walk = strict.walk();
    if (end == PathWalk::End::missing)
        return std::nullopt;
    const std::string shown = walk.shown(walk.name());
    if (end == PathWalk::End::other)
        refuse(fmt::format("'{}' is no directory; move it elsewhere",
                           walk.shown(walk.name() / walk.file())));
    if (rules.only_root && sticky == Sticky::refuse)
        require_roots_directory(walk.facts(), shown);
    Fd opened(::openat(walk.here().get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened)
        throw system_error(errno, fmt::format("read directory '{}'", shown));
    return StrictDirectory(path, rules, std::move(opened), strict.is_reachable());
}

std::vector<std::string> StrictDirectory::names() const {
    const std::string what = fmt::format("read directory '{}'", path_.string());
    // One of its own: the stream owns it, and its position.
    Fd again(::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const CPtr<DIR, ::closedir> stream(again ? ::fdopendir(again.get()) : nullptr);
    if (!stream)
        throw system_error(errno, what);
    again.release();
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream.get())) {
        if (const std::string name = entry->d_name; name != "." && name != "..")
            names.push_back(name);
        errno = 0;
    }
    if (errno != 0)
        throw system_error(errno, what);
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<struct stat> StrictDirectory::look(const std::string& name) const {
    return look_at(fd_, name, path_ / name);
}

std::string StrictDirectory::link_text(const std::string& name) const {
    char text[PATH_MAX];
    const ssize_t size = ::readlinkat(fd_.get(), name.c_str(), text, sizeof text);
    return size < 0 ? "" : std::string(text, static_cast<std::size_t>(size));
}

std::optional<StrictFile> StrictDirectory::open_file(const std::string& name) const {
    const std::optional<struct stat> seen = look(name);
    if (!seen)
        return std::nullopt;
    StrictFile file;
    bool is_reachable = is_reachable_;
    if (!S_ISLNK(seen->st_mode)) {
        file = open_seen(fd_, name, *seen, (path_ / name).string(), rules_);
    } else {
        // By its text, since an image that is being built has no devices.
        if (link_text(name) == null_device)
            return StrictFile{Fd(), true, true};
        StrictWalk strict(rules_);
        const PathWalk::End end = strict.go(path_ / name);
        const PathWalk& walk = strict.walk();
        if (end == PathWalk::End::directory)
            refuse_kind(S_IFDIR);
        const fs::path found = walk.name() / walk.file();
        const auto target = end == PathWalk::End::other
                                ? look_at(walk.here(), walk.file(), walk.shown(found))
                                : std::nullopt;
        if (!target)
            return std::nullopt; // it was removed meanwhile
        file = open_seen(walk.here(), walk.file(), *target, walk.shown(found), rules_);
        is_reachable = strict.is_reachable();
    }
    file.is_public = file.is_public && is_reachable;
    return file;
}

} // namespace provisor
