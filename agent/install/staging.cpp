// SPDX-License-Identifier: Apache-2.0
#include "install/staging.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/inside_root.hpp"
#include "base/sha256.hpp"
#include "base/temporary_name.hpp"
#include "install/attributes.hpp"
#include "install/trusted_folder.hpp"
#include "model/drop_in.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <set>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// Why a rename or write may have failed although we are root; empty when nothing stands out.
std::string explain(int error_number, const fs::path& target, const Paths& paths) {
    if (error_number == EROFS)
        return explain_read_only(error_number, target.parent_path(), paths);
    if (error_number == EBUSY)
        return " (it is a mount point, so it cannot be replaced; unmount it, or mount its parent "
               "directory instead)";
    if (error_number == EPERM) {
        for (const fs::path& path : {target, target.parent_path()}) {
            const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
            int flags = 0;
            if (file && ::ioctl(file.get(), FS_IOC_GETFLAGS, &flags) == 0 &&
                (flags & FS_IMMUTABLE_FL) != 0)
                return fmt::format(" ('{}' is immutable: `chattr -i` takes the flag away)",
                                   path.string());
        }
    }
    return "";
}

/// Our unit has neither the capability for it (EPERM) nor the other users (EINVAL).
bool lacks_owners(int error_number, const Paths& paths) {
    return (error_number == EPERM || error_number == EINVAL) && !paths.own_unit.empty();
}

Error cannot_give_away(int error_number, const std::string& what, const Paths& paths) {
    Error error = system_error(error_number, what);
    if (!lacks_owners(error_number, paths))
        return error;
    return {error.kind(),
            fmt::format("{} (the sandbox of {} has no other owners than root; this adds them: {})",
                        error.what(), paths.own_unit, owner_command(paths.own_unit))};
}

} // namespace

Staging::~Staging() {
    for (const Staged& file : staged_)
        if (!file.committed)
            ::unlinkat(file.target.folder.get(), file.temporary.c_str(), 0);
    try {
        std::for_each(made_.rbegin(), made_.rend(),
                      [&](const MadeDirectory& made) { remove_if_empty(made, paths_); });
    } catch (const std::exception&) {
        // An empty directory is what is left then.
    }
}

Fd Staging::begin(const InstalledFile& file) {
    const Ownership owner =
        can_change_owner() ? resolve_ownership(file.owner, file.group, paths_.root) : Ownership{};
    const Writers writers = writers_beside(file, owner.user);
    require_trusted_way(file.path, paths_, writers);
    Staged staged{
        file, owner, make_way_to_target(file.path, paths_, made_, labels_), temporary_name(), {}};
    const fs::path shown = staged.target.shown;
    require_trusted_folder(file.path, staged.target, paths_, writers);
    Fd temporary(::openat(staged.target.folder.get(), staged.temporary.c_str(),
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!temporary) {
        const int problem = errno;
        const Error error =
            making_error(problem, fmt::format("stage '{}'", shown.string()), shown.parent_path());
        throw Error(error.kind(), error.what() + explain(problem, shown, paths_));
    }
    staged_.push_back(std::move(staged));
    return temporary;
}

/// Opens what was written once more, without the right to write.
void Staging::hold(Staged& staged, const Fd& written) {
    staged.content = Fd(::openat(staged.target.folder.get(), staged.temporary.c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!staged.content)
        throw system_error(errno, fmt::format("stage '{}'", staged.target.shown.string()));
    require_same_file(written, staged.target, staged.temporary);
    require_same_file(staged.content, staged.target, staged.temporary);
}

void Staging::give_owner(const Staged& staged, const std::string& what) const {
    if (!can_change_owner())
        return;
    const Fd& temporary = staged.content;
    struct stat facts {};
    // Not asked for what is so already: a sandbox refuses even that.
    if (::fstat(temporary.get(), &facts) != 0 ||
        ((facts.st_uid != staged.owner.user || facts.st_gid != staged.owner.group) &&
         ::fchown(temporary.get(), staged.owner.user, staged.owner.group) != 0))
        throw cannot_give_away(
            errno, fmt::format("{}: give it to {}:{}", what, staged.file.owner, staged.file.group),
            paths_);
}

/// Owner, mode and all else that it will be installed with, durably.
void Staging::seal(const Staged& staged) {
    const InstalledFile& file = staged.file;
    const Fd& temporary = staged.content;
    const std::string what = fmt::format("stage '{}'", staged.target.shown.string());
    require_same_file(temporary, staged.target, staged.temporary);
    AttributeCarrier carried(read_attributes(staged.target), staged.target, paths_);
    const std::string left =
        carried.leave_what_strangers_set(can_change_owner() ? staged.owner.user : ::geteuid());
    if (!left.empty())
        left_behind_.push_back(fmt::format("'{}' loses what it had been given by another user: {}",
                                           staged.target.shown.string(), left));
    // A crash may leave the temporary name behind: as short as can be with such rights.
    if ((file.mode & set_id_bits) != 0 || !file.capabilities.empty())
        sync_fd(temporary.get(), fmt::format("{}: content", what));
    // What takes the right to write it comes before the owner.
    carried.put_named(temporary);
    if (labels_ != nullptr)
        labels_->put(temporary, staged.target.real().string(), S_IFREG);
    give_owner(staged, what);
    carried.put_acl(temporary, file.mode);
    // After chown, which clears set-id bits and capabilities: chown(2).
    if (::fchmod(temporary.get(), file.mode) != 0)
        throw system_error(errno, fmt::format("{}: set mode {:04o}", what, file.mode));
    if (!file.capabilities.empty())
        put_capabilities(temporary, file, staged.target, paths_);
    else if (staged.keeps_capabilities)
        carried.put_capabilities(temporary);
    sync_fd(temporary.get(), what);
}

void Staging::stage_text(const InstalledFile& file, std::string_view text) {
    const Fd temporary = begin(file);
    write_all(temporary.get(), text,
              fmt::format("stage '{}'", staged_.back().target.shown.string()));
    hold(staged_.back(), temporary);
}

void Staging::stage_blob(const InstalledFile& file, int blob, const Interrupt& interrupt) {
    const Fd temporary = begin(file);
    const std::string what = fmt::format("stage '{}'", staged_.back().target.shown.string());
    struct stat facts {};
    if (::fstat(blob, &facts) == 0)
        require_room(temporary.get(), static_cast<std::uint64_t>(facts.st_size), min_free_, what,
                     "limits.min_free");
    // Hashed while it is copied: the cache may have been damaged since it was looked at.
    const std::string found =
        copy_with_sha256(blob, temporary.get(), interrupt, what, "the cached blob");
    if (found != file.sha256)
        throw Error(ErrorKind::digest, fmt::format("{}: the cached blob hashes to {} and not to {}",
                                                   what, found, file.sha256));
    hold(staged_.back(), temporary);
}

bool Staging::has(const std::string& path) const {
    return std::any_of(staged_.begin(), staged_.end(),
                       [&](const Staged& staged) { return staged.file.path == path; });
}

const Staging::Staged& Staging::find(const std::string& path) const {
    return *std::find_if(staged_.begin(), staged_.end(),
                         [&](const Staged& staged) { return staged.file.path == path; });
}

Staging::Staged& Staging::find(const std::string& path) {
    return *std::find_if(staged_.begin(), staged_.end(),
                         [&](const Staged& staged) { return staged.file.path == path; });
}

void Staging::drop_capabilities(const std::string& path) { find(path).keeps_capabilities = false; }

fs::path Staging::lend(const std::string& path, gid_t group) {
    const Staged& staged = find(path);
    const std::string what =
        fmt::format("let the check of '{}' see what is staged", staged.target.shown.string());
    mode_t mode = (staged.file.mode & 0111) != 0 ? 0550 : 0440;
    // The owner stays us until the end: whoever owns a file may change its mode.
    if (can_change_owner() && ::fchown(staged.content.get(), ::geteuid(), group) != 0) {
        // What everybody will be able to read may be shown to everybody.
        if (!lacks_owners(errno, paths_) || (staged.file.mode & S_IROTH) == 0)
            throw cannot_give_away(errno, what, paths_);
        mode |= (mode >> 3) & 0007;
    }
    if (::fchmod(staged.content.get(), mode) != 0)
        throw system_error(errno, what);
    require_same_file(staged.content, staged.target, staged.temporary);
    // Its real folder: below a root folder, links on the way lead elsewhere for everybody else.
    return staged.target.real().parent_path() / staged.temporary;
}

void Staging::take_back(const std::string& path) {
    const Staged& staged = find(path);
    if (::fchmod(staged.content.get(), 0600) != 0)
        throw system_error(errno, fmt::format("stage '{}'", staged.target.shown.string()));
    require_same_file(staged.content, staged.target, staged.temporary);
}

void Staging::discard(const std::string& path) {
    const Staged& staged = find(path);
    ::unlinkat(staged.target.folder.get(), staged.temporary.c_str(), 0);
    staged_.erase(staged_.begin() + (&staged - staged_.data()));
}

/// Whatever stood at the target keeps its inode for those who run it; rename(2) swaps the name
/// atomically.
void Staging::put_in_place(Staged& file) const {
    const int folder = file.target.folder.get();
    require_same_file(file.content, file.target, file.temporary);
    if (::renameat(folder, file.temporary.c_str(), folder, file.target.name.c_str()) != 0) {
        const int problem = errno;
        const Error error =
            system_error(problem, fmt::format("put '{}' in place", file.target.shown.string()));
        throw Error(error.kind(), error.what() + explain(problem, file.target.shown, paths_));
    }
    file.committed = true;
    // Where others may write the directory, they had a moment between the comparison and the
    // rename.
    require_same_file(file.content, file.target, file.target.name);
}

void Staging::commit() {
    for (const Staged& file : staged_)
        seal(file);
    for (Staged& file : staged_)
        put_in_place(file);
    for (const Staged& file : staged_)
        sync_fd(file.target.folder.get(),
                fmt::format("directory '{}'", file.target.shown.parent_path().string()));
}

std::vector<fs::path> sweep_temporaries(const std::vector<std::string>& targets, const Paths& paths,
                                        std::set<std::string>& done) {
    std::vector<fs::path> removed;
    for (const std::string& target : targets) {
        const std::string directory = fs::path(target).parent_path().string();
        if (!done.insert(directory).second)
            continue;
        const std::optional<Target> inside = find_target(directory + "/.", paths);
        if (!inside)
            continue;
        for (const std::string& name : sweep_temporaries(inside->folder))
            removed.push_back(paths.under_root(directory) / name);
    }
    return removed;
}

std::vector<std::string> remove_retired(const std::vector<InstalledFile>& retired,
                                        const Paths& paths, const Interrupt& interrupt) {
    std::vector<std::string> removed;
    for (const InstalledFile& file : retired) {
        const std::optional<Target> target = find_target(file.path, paths);
        const std::optional<struct stat> facts = target ? target->look() : std::nullopt;
        if (!facts || !S_ISREG(facts->st_mode))
            continue;
        const std::string what = fmt::format("remove '{}'", target->shown.string());
        if (sha256_of_fd(target->open().get(), interrupt, what) != file.sha256)
            continue;
        if (::unlinkat(target->folder.get(), target->name.c_str(), 0) != 0 && errno != ENOENT) {
            const int problem = errno;
            const Error error = system_error(problem, what);
            throw Error(error.kind(), error.what() + explain(problem, target->shown, paths));
        }
        sync_fd(target->folder.get(), what);
        removed.push_back(file.path);
    }
    return removed;
}

void require_room_at(const std::string& path, std::uint64_t wanted, std::uint64_t min_free,
                     const Paths& paths) {
    // Folders that are missing are made on the file system of the first one that is there.
    for (fs::path folder = real_path_inside(paths.root, fs::path(path).parent_path());;
         folder = folder.parent_path()) {
        const Fd directory(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (directory)
            require_room(directory.get(), wanted, min_free, fmt::format("'{}'", folder.string()),
                         "limits.min_free");
        if (directory || !folder.has_relative_path())
            return;
    }
}

} // namespace provisor
