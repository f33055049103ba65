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

/// The first file of the component's marker at this path, or below it; null when there is none.
const InstalledFile* find_own(const Work& work, const std::string& path) {
    if (!work.observed.installed)
        return nullptr;
    for (const auto* list : {&work.observed.installed->files, &work.observed.installed->retired})
        for (const InstalledFile& file : *list)
            if (file.path == path || file.path.starts_with(path + '/'))
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

std::string whose(const Work& work, const std::string& path) {
    const std::string& component = work.component->name;
    if (const InstalledFile* own = find_own(work, path)) {
        const std::string what = own->path == path ? "that '" + component + "' has installed"
                                                   : fmt::format("in which '{}' has installed '{}'",
                                                                 component, own->path);
        return fmt::format("{}; {}", what, remedy_of_own(component));
    }
    if (const Owner* owner = work.owners->other_owner(component, path))
        return fmt::format("that belongs to component '{}'", owner->component);
    return fmt::format("that provisor did not install; move it away, for example with "
                       "`mv '{0}' '{0}.old'`",
                       path);
}

Error obstacle(const Work& work, const InstalledFile& file, const std::string& path,
               const char* kind, const Paths& paths) {
    return {ErrorKind::io, fmt::format("'{}' cannot be put in place: '{}' is a {} {}",
                                       paths.under_root(file.path).string(),
                                       paths.under_root(path).string(), kind, whose(work, path))};
}

fs::file_type type_at(const fs::path& real_path) {
    std::error_code problem;
    return fs::symlink_status(real_path, problem).type();
}

} // namespace

void refuse_obstacles(const Work& work, const std::vector<InstalledFile>& wanted,
                      const Paths& paths) {
    for (const InstalledFile& file : wanted) {
        // What is there and a file was looked at, and so was the way to it.
        if (work.observed.actual.contains(file.path))
            continue;
        const fs::path path(file.path);
        // A link at the target itself is not followed.
        if (type_at(real_path_inside(paths.root, path.parent_path()) / path.filename()) ==
            fs::file_type::directory)
            throw obstacle(work, file, file.path, "directory", paths);
        for (fs::path way = path.parent_path(); way.has_relative_path(); way = way.parent_path()) {
            const fs::file_type type = type_at(real_path_inside(paths.root, way));
            if (type == fs::file_type::directory)
                break;
            if (type != fs::file_type::not_found)
                throw obstacle(work, file, way.string(), "file", paths);
        }
    }
}

} // namespace provisor
