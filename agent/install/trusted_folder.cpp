// SPDX-License-Identifier: Apache-2.0
#include "install/trusted_folder.hpp"

#include "base/error.hpp"
#include "base/path_walk.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

struct stat facts_of(const Fd& file, const fs::path& shown) {
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0)
        throw system_error(errno, fmt::format("look at '{}'", shown.string()));
    return facts;
}

/// A folder in which anybody may rename files is no place for a file that root executes.
void require_closed(const struct stat& facts, const fs::path& folder) {
    if ((facts.st_mode & S_IWOTH) != 0)
        throw Error(ErrorKind::io,
                    fmt::format("directory '{}' is writable by everybody; take that right away "
                                "(chmod o-w) or install elsewhere",
                                folder.string()));
    if (facts.st_uid != 0 && facts.st_uid != ::geteuid())
        throw Error(
            ErrorKind::io,
            fmt::format("directory '{}' belongs to uid {}, who could replace what is installed "
                        "there; chown it to root or install elsewhere",
                        folder.string(), facts.st_uid));
}

/// Throws unless nobody but root, and `writers`, can lead a path that passes this folder elsewhere.
void require_trusted(const struct stat& facts, const std::string& folder, const std::string& path,
                     Writers writers) {
    const bool is_open = (facts.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH;
    const bool is_open_to_group = (facts.st_mode & (S_IWGRP | S_ISVTX)) == S_IWGRP;
    if (is_open_to_group && !is_open && facts.st_uid == 0 && writers == Writers::nobody)
        throw Error(ErrorKind::io,
                    fmt::format("directory '{0}', on the way to '{1}', may be written by its group "
                                "(gid {2}): a file with a set-id bit, with capabilities or of "
                                "another owner than root is not installed there; take that right "
                                "away (chmod g-w '{0}') or "
                                "install elsewhere",
                                folder, path, facts.st_gid));
    if (!is_open && facts.st_uid == 0)
        return;
    throw Error(
        ErrorKind::io,
        fmt::format("directory '{}', on the way to '{}', {}, who could lead that elsewhere; "
                    "{} or install elsewhere",
                    folder, path,
                    is_open ? "is writable by everybody"
                            : fmt::format("belongs to uid {}", facts.st_uid),
                    is_open ? "take that right away (chmod o-w)" : "chown it to root"));
}

/// As the kernel does where fs.protected_symlinks is set: proc_sys_fs(5).
void require_trusted_link(const struct stat& folder, const struct stat& link,
                          const std::string& name, const std::string& path) {
    if ((folder.st_mode & S_IWOTH) != 0 && link.st_uid != 0)
        throw Error(ErrorKind::io,
                    fmt::format("link '{}', on the way to '{}', belongs to uid {}, who could lead "
                                "that elsewhere; remove it or install elsewhere",
                                name, path, link.st_uid));
}

/// The folder at the end of the way; absent when a part of that is not there.
std::optional<struct stat> go(const std::string& path, const Paths& paths, Writers writers) {
    const auto shown = [&](const fs::path& name) {
        return paths.under_root(name.string()).string();
    };
    PathWalk walk(paths.root,
                  {[&](const struct stat& facts, const fs::path& name) {
                       if (name != "/")
                           require_trusted(facts, shown(name), shown(path), writers);
                   },
                   [&](const struct stat& folder, const struct stat& link, const fs::path& name) {
                       require_trusted_link(folder, link, shown(name), shown(path));
                   }});
    switch (walk.go(fs::path(path).parent_path())) {
    case PathWalk::End::directory:
        return walk.facts();
    case PathWalk::End::other:
        throw system_error(ENOTDIR,
                           fmt::format("open directory '{}'", shown(walk.name() / walk.file())));
    case PathWalk::End::missing:
    case PathWalk::End::dangling:
        break;
    }
    return std::nullopt;
}

} // namespace

Writers writers_beside(const InstalledFile& file, uid_t owner) {
    return (file.mode & set_id_bits) != 0 || !file.capabilities.empty() || owner != 0
               ? Writers::nobody
               : Writers::group;
}

void require_trusted_way(const std::string& path, const Paths& paths, Writers writers) {
    if (::geteuid() == 0)
        go(path, paths, writers);
}

void require_trusted_folder(const std::string& path, const Target& target, const Paths& paths,
                            Writers writers) {
    const fs::path folder = target.shown.parent_path();
    const struct stat facts = facts_of(target.folder, folder);
    require_closed(facts, folder);
    if (::geteuid() != 0)
        return;
    const auto there = go(path, paths, writers);
    if (!there || there->st_dev != facts.st_dev || there->st_ino != facts.st_ino)
        throw Error(ErrorKind::io,
                    fmt::format("directory '{}' became another one meanwhile", folder.string()));
}

void require_same_file(const Fd& held, const Target& target, const std::string& name) {
    const fs::path shown = target.shown.parent_path() / name;
    const struct stat ours = facts_of(held, shown);
    struct stat there {};
    if (::fstatat(target.folder.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0)
        throw system_error(errno, fmt::format("look at '{}', which is staged for '{}'",
                                              shown.string(), target.shown.string()));
    if (ours.st_dev != there.st_dev || ours.st_ino != there.st_ino)
        throw Error(ErrorKind::io,
                    fmt::format("somebody replaced '{}' while '{}' was being installed; let nobody "
                                "but root write in '{}' (chmod go-w), or install elsewhere",
                                shown.string(), target.shown.string(),
                                target.shown.parent_path().string()));
}

} // namespace provisor
