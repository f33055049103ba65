// SPDX-License-Identifier: Apache-2.0
#include "install/file_ids.hpp"

#include "base/error.hpp"
#include "install/target.hpp"

#include <sys/stat.h>

namespace provisor {
namespace {

/// Absent when it does not exist, or is not a directory.
std::optional<FileId> look_at_directory(const std::string& directory, const Paths& paths) {
    try {
        const auto inside = find_target(directory == "/" ? "/." : directory + "/.", paths);
        struct stat facts {};
        if (inside && ::fstat(inside->folder.get(), &facts) == 0)
            return FileId{facts.st_dev, facts.st_ino, ""};
    } catch (const Error&) {
        // Whoever wants to write there reports why that does not work.
    }
    return std::nullopt;
}

FileId below(FileId directory, std::string_view name) {
    if (!directory.rest.empty())
        directory.rest += '/';
    directory.rest += name;
    return directory;
}

} // namespace

FileId FileIds::find(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return below(find_directory(slash == 0 ? "/" : path.substr(0, slash)),
                 std::string_view(path).substr(slash + 1));
}

const FileId& FileIds::find_directory(const std::string& directory) {
    if (const auto known = directories_.find(directory); known != directories_.end())
        return known->second;
    FileId id;
    if (const auto found = look_at_directory(directory, paths_))
        id = *found;
    else if (directory != "/")
        id = find(directory);
    return directories_.emplace(directory, std::move(id)).first->second;
}

} // namespace provisor
