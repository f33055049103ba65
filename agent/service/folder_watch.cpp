// SPDX-License-Identifier: Apache-2.0
#include "service/folder_watch.hpp"

#include "base/inside_root.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// IN_ATTRIB: a file that becomes readable counts as well. IN_CREATE: links are made without ever
/// being written. IN_ONLYDIR: a file in a folder's place is as good as no folder.
constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                 IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                 IN_ONLYDIR;
/// The watched folder itself went away, or the kernel lost events.
constexpr std::uint32_t upheaval =
    IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW;

bool is_yaml_file(std::string_view name) { return name.ends_with(".yaml") && name.front() != '.'; }

/// A plain file that was just created is still open for writing; its closing is told as well, and
/// half a manifest should not be read. Links of either kind are whole from the start.
bool will_be_written(const fs::path& file) {
    struct stat status {};
    return ::lstat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
}

} // namespace

FolderWatch::FolderWatch(const Paths& paths) : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    // Below --root the links are those of that system. They are followed once: one that changes is
    // noticed by the next pass.
    const auto real = [&](const fs::path& path) {
        const auto inside = name_inside(paths.root, path);
        return inside ? real_path_inside(paths.root, *inside) : path;
    };
    for (const fs::path& folder : paths.manifest_dirs)
        wanted_[real(folder)].yaml_files = true;
    wanted_[real(paths.config_dropins)].yaml_files = true;
    wanted_[real(paths.config_file.parent_path())].names.insert(
        paths.config_file.filename().string());
    if (!inotify_)
        spdlog::warn("changed manifests are noticed by the next pass only: inotify: {}",
                     std::strerror(errno));
}

void FolderWatch::refresh() {
    if (!inotify_)
        return;
    Watches watches;
    for (const auto& [folder, interest] : wanted_)
        follow(folder, interest, watches);
    // The same folder keeps its descriptor, so what is not in the new list is not wanted any more.
    for (const auto& [old, watch] : watches_)
        if (!watches.contains(old))
            ::inotify_rm_watch(inotify_.get(), old);
    watches_ = std::move(watches);
}

/// Watches a folder and the name of it in its parent; when the parent is not there either, the name
/// of that one in the nearest folder that is.
void FolderWatch::follow(const fs::path& folder, const Interest& interest, Watches& watches) {
    // Once more when a folder was made between the look for it and the watch for its making: nobody
    // would tell us. It cannot go on like that for ever.
    constexpr int most_attempts = 8;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        fs::path named = folder;
        while (named != named.root_path() &&
               !watch(named.parent_path(), {false, {named.filename().string()}}, watches))
            named = named.parent_path();
        if (named == folder) {
            watch(folder, interest, watches);
            return;
        }
        std::error_code ignored;
        if (!fs::is_directory(named, ignored))
            return;
    }
}

/// Adds a watch, or what is of interest to the one that is there. False when there is no such
/// folder.
bool FolderWatch::watch(const fs::path& folder, const Interest& interest, Watches& watches) {
    const int number = ::inotify_add_watch(inotify_.get(), folder.c_str(), events);
    if (number < 0) {
        // EACCES is no folder for us: it becomes one by a change of its mode, which its parent's
        // watch tells.
        const bool absent = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
        if (!absent && !std::exchange(complained_, true))
            spdlog::warn("changes below '{}' are noticed by the next pass only: inotify: {}",
                         folder.string(), std::strerror(errno));
        return false;
    }
    Watch& known = watches[number];
    known.folder = folder;
    known.interest.yaml_files |= interest.yaml_files;
    known.interest.names.insert(interest.names.begin(), interest.names.end());
    return true;
}

bool FolderWatch::drain() {
    bool changed = false;
    alignas(inotify_event) std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return changed;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            const std::string_view name = event->len > 0 ? event->name : "";
            changed |= concerns(event->wd, event->mask, name);
            at += sizeof(inotify_event) + event->len;
        }
    }
}

bool FolderWatch::concerns(int number, std::uint32_t what, std::string_view name) const {
    if ((what & IN_Q_OVERFLOW) != 0)
        return true;
    const auto known = watches_.find(number);
    if (known == watches_.end())
        return false; // the last words of a watch that was taken off
    if ((what & upheaval) != 0)
        return true;
    const auto& [folder, interest] = known->second;
    const bool of_interest =
        interest.names.contains(name) || (interest.yaml_files && is_yaml_file(name));
    return of_interest && !((what & IN_CREATE) != 0 && will_be_written(folder / name));
}

} // namespace provisor
