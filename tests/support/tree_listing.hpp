// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <sys/stat.h>

namespace provisor::test {

/// Everything below a folder with inode, mode, size, mtime and ctime. Two equal listings mean that
/// nothing was written, renamed, created, removed or given another mode in between: ctime moves
/// with each of those, of the file or of its folder, and cannot be set back.
inline std::map<std::string, std::string> list_tree(const std::filesystem::path& folder) {
    std::map<std::string, std::string> listing;
    const auto add = [&](const std::filesystem::path& path) {
        struct stat facts {};
        if (::lstat(path.c_str(), &facts) != 0)
            return;
        const auto time = [](const timespec& t) {
            return std::to_string(t.tv_sec) + "." + std::to_string(t.tv_nsec);
        };
        listing[path.string()] =
            std::to_string(facts.st_ino) + " " + std::to_string(facts.st_mode) + " " +
            std::to_string(facts.st_size) + " " + time(facts.st_mtim) + " " + time(facts.st_ctim);
    };
    add(folder);
    if (std::filesystem::is_directory(folder))
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
            add(entry.path());
    return listing;
}

} // namespace provisor::test
