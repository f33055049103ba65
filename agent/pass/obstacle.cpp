// SPDX-License-Identifier: Apache-2.0
#include "pass/obstacle.hpp"

#include "base/error.hpp"
#include "base/inside_root.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

enum class Obstacle { directory, file, dangling_link };

/// What the component's marker has at this path (a file that is in the way) or below it (a
/// directory); null when there is nothing.
const InstalledFile* find_own(const Work& work, const std::string& path, Obstacle kind) {
    if (!work.observed.installed)
        return nullptr;
    for (const auto* list : {&work.observed.installed->files, &work.observed.installed->retired})
        for (const InstalledFile& file : *list)
            if (kind == Obstacle::directory ? file.path.starts_with(path + '/') : file.path == path)
                return &file;
    return nullptr;
}

std::string remedy_of_own(const std::string& component) {
    return fmt::format(
        "what is installed stays. To change over, write `state: absent` into the "
        "manifest of '{0}' and run `provisor apply {0}`; then take that line out and "
        "run `provisor apply {0}` again",
        component);
}

std::string in_words(const Work& work, const std::string& path, Obstacle kind) {
    if (kind == Obstacle::dangling_link)
        return "a link that leads nowhere; make the directory that it leads to, or remove the link";
    const std::string& component = work.component->name;
    if (const InstalledFile* own = find_own(work, path, kind))
        return fmt::format(
            "{}; {}",
            kind == Obstacle::file
                ? fmt::format("a file that '{}' has installed", component)
                : fmt::format("a directory in which '{}' has installed '{}'", component, own->path),
            remedy_of_own(component));
    const char* what = kind == Obstacle::file ? "a file" : "a directory";
    if (const Owner* owner = work.owners->other_owner(component, path))
        return fmt::format("{} that belongs to component '{}'", what, owner->component);
    return fmt::format("{0} that provisor did not install; move it away, for example with "
                       "`mv '{1}' '{1}.old'`",
                       what, path);
}

Error obstacle(const Work& work, const InstalledFile& file, const std::string& path, Obstacle kind,
               const Paths& paths) {
    return {ErrorKind::io,
            fmt::format("'{}' cannot be put in place: '{}' is {}",
                        paths.under_root(file.path).string(), paths.under_root(path).string(),
                        in_words(work, path, kind))};
}

/// Where the links on the way to it lead; the last name may be one itself.
fs::path way_to(const fs::path& path, const Paths& paths) {
    return real_path_inside(paths.root, path.parent_path()) / path.filename();
}

} // namespace

void refuse_obstacles(const Work& work, const std::vector<InstalledFile>& wanted,
                      const Paths& paths) {
    std::error_code problem;
    for (const InstalledFile& file : wanted) {
        // What is there and a file was looked at, and so was the way to it.
        if (work.observed.actual.contains(file.path))
            continue;
        const fs::path path(file.path);
        if (fs::is_directory(fs::symlink_status(way_to(path, paths), problem)))
            throw obstacle(work, file, file.path, Obstacle::directory, paths);
        for (fs::path way = path.parent_path(); way.has_relative_path(); way = way.parent_path()) {
            const fs::file_status status = fs::status(real_path_inside(paths.root, way), problem);
            if (fs::is_directory(status))
                break;
            if (fs::exists(status))
                throw obstacle(work, file, way.string(), Obstacle::file, paths);
            if (fs::is_symlink(fs::symlink_status(way_to(way, paths), problem)))
                throw obstacle(work, file, way.string(), Obstacle::dangling_link, paths);
        }
    }
}

} // namespace provisor
