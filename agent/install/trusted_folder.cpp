// SPDX-License-Identifier: Apache-2.0
#include "install/trusted_folder.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <list>
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
                    fmt::format("folder '{}' is writable by everybody; take that right away "
                                "(chmod o-w) or install elsewhere",
                                folder.string()));
    if (facts.st_uid != 0 && facts.st_uid != ::geteuid())
        throw Error(
            ErrorKind::io,
            fmt::format("folder '{}' belongs to uid {}, who could replace what is installed "
                        "there; chown it to root or install elsewhere",
                        folder.string(), facts.st_uid));
}

/// Goes a path as the kernel does, one name after the other and through every link, and looks at
/// each folder before a name in it is believed.
class Walk {
public:
    Walk(const std::string& path, const Paths& paths, Writers writers)
        : path_(path), paths_(paths), writers_(writers),
          root_(open_directory(paths.root.empty() ? "/" : paths.root)),
          root_facts_(facts_of(root_, paths.root)) {
        begin_at_root();
        add(fs::path(path).parent_path());
    }

    /// The folder at the end; absent when a part of the way is not there.
    std::optional<struct stat> go() {
        while (!names_.empty()) {
            const std::string name = names_.front();
            names_.pop_front();
            if (!step(name))
                return std::nullopt;
        }
        return facts_;
    }

private:
    bool step(const std::string& name);
    void follow(const std::string& name, const struct stat& link);
    void begin_at_root();
    void add(const fs::path& way);
    void require_trusted() const;
    bool is_at_root() const {
        return facts_.st_dev == root_facts_.st_dev && facts_.st_ino == root_facts_.st_ino;
    }
    std::string shown(const fs::path& folder) const {
        return paths_.under_root(folder.string()).string();
    }

    const std::string& path_;
    const Paths& paths_;
    Writers writers_;
    Fd root_;
    struct stat root_facts_;
    Fd here_;
    struct stat facts_ {};         ///< of here_
    fs::path name_;                ///< of here_, without links and the root
    std::list<std::string> names_; ///< the rest of the way
    unsigned links_ = 0;
};

void Walk::begin_at_root() {
    here_ = Fd(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    facts_ = root_facts_;
    name_ = "/";
}

void Walk::add(const fs::path& way) {
    std::list<std::string> names;
    for (const fs::path& part : way.relative_path())
        if (!part.empty() && part != ".")
            names.push_back(part.string());
    names_.splice(names_.begin(), names);
}

/// Whether there is something of this name.
bool Walk::step(const std::string& name) {
    if (name == ".." && is_at_root())
        return true;
    struct stat next {};
    if (::fstatat(here_.get(), name.c_str(), &next, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return false;
        throw system_error(errno, fmt::format("look at '{}'", shown(name_ / name)));
    }
    if (S_ISLNK(next.st_mode)) {
        follow(name, next);
        return true;
    }
    Fd folder(::openat(here_.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder)
        throw system_error(errno, fmt::format("open folder '{}'", shown(name_ / name)));
    here_ = std::move(folder);
    name_ = name == ".." ? name_.parent_path() : name_ / name;
    facts_ = facts_of(here_, name_);
    if (!is_at_root())
        require_trusted();
    return true;
}

void Walk::follow(const std::string& name, const struct stat& link) {
    const std::string where = shown(name_ / name);
    // As the kernel does where fs.protected_symlinks is set: proc_sys_fs(5).
    if ((facts_.st_mode & S_IWOTH) != 0 && link.st_uid != 0)
        throw Error(ErrorKind::io,
                    fmt::format("link '{}', on the way to '{}', belongs to uid {}, who could lead "
                                "that elsewhere; remove it or install elsewhere",
                                where, shown(path_), link.st_uid));
    constexpr unsigned most_links = 40; // path_resolution(7)
    char text[PATH_MAX];
    const ssize_t size = ::readlinkat(here_.get(), name.c_str(), text, sizeof text);
    if (size < 0 || ++links_ > most_links)
        throw system_error(size < 0 ? errno : ELOOP, fmt::format("follow link '{}'", where));
    const fs::path to(std::string(text, static_cast<std::size_t>(size)));
    if (to.is_absolute())
        begin_at_root();
    add(to);
}

void Walk::require_trusted() const {
    const bool is_open = (facts_.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH;
    const bool is_open_to_group = (facts_.st_mode & (S_IWGRP | S_ISVTX)) == S_IWGRP;
    if (is_open_to_group && !is_open && facts_.st_uid == 0 && writers_ == Writers::nobody)
        throw Error(ErrorKind::io,
                    fmt::format("directory '{0}', on the way to '{1}', may be written by its group "
                                "(gid {2}): a file with a set-id bit or of another owner than root "
                                "is not installed there; take that right away (chmod g-w '{0}') or "
                                "install elsewhere",
                                shown(name_), shown(path_), facts_.st_gid));
    if (!is_open && facts_.st_uid == 0)
        return;
    throw Error(
        ErrorKind::io,
        fmt::format("folder '{}', on the way to '{}', {}, who could lead that elsewhere; {} or "
                    "install elsewhere",
                    shown(name_), shown(path_),
                    is_open ? "is writable by everybody"
                            : fmt::format("belongs to uid {}", facts_.st_uid),
                    is_open ? "take that right away (chmod o-w)" : "chown it to root"));
}

} // namespace

Writers writers_beside(mode_t mode, uid_t owner) {
    return (mode & set_id_bits) != 0 || owner != 0 ? Writers::nobody : Writers::group;
}

void require_trusted_way(const std::string& path, const Paths& paths, Writers writers) {
    if (::geteuid() == 0)
        Walk(path, paths, writers).go();
}

void require_trusted_folder(const std::string& path, const Target& target, const Paths& paths,
                            Writers writers) {
    const fs::path folder = target.shown.parent_path();
    const struct stat facts = facts_of(target.folder, folder);
    require_closed(facts, folder);
    if (::geteuid() != 0)
        return;
    const auto there = Walk(path, paths, writers).go();
    if (!there || there->st_dev != facts.st_dev || there->st_ino != facts.st_ino)
        throw Error(ErrorKind::io,
                    fmt::format("folder '{}' became another one meanwhile", folder.string()));
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
