// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "origin/origin.hpp"

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace provisor::test {

/// The regular files below a folder as pages with strong ETags of their content. A file is read
/// again when its stat changes; its behavior is looked up at each request in the lines
/// "PATH BEHAVIOR" of a file, which need not be there.
class Folder {
public:
    Folder(std::filesystem::path root, std::filesystem::path behaviors)
        : root_(std::move(root)), behaviors_(std::move(behaviors)) {}
    /// Absent when there is no such file, or its path leads out of the folder.
    std::optional<Page> find(const std::string& path);

private:
    struct Known {
        struct stat facts {};
        Page page;
    };
    std::string behavior_of(const std::string& path) const;

    std::filesystem::path root_;
    std::filesystem::path behaviors_;
    std::mutex mutex_;
    std::map<std::string, Known> known_;
};

} // namespace provisor::test
