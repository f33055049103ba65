// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/directories_test.cpp
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>

namespace provisor {

/// The directories that were made for targets, in `directories.json` of the state directory: each
/// by its path, without --root, with its inode, so that another directory that somebody makes there
/// later is not taken for it. Read when it is asked for the first time, and not while nothing is
/// made or removed. What cannot be read counts as empty: directories then stay.
///
/// A crash after a directory was made and before it is added here leaves it for good.
class MadeDirectories {
public:
    explicit MadeDirectories(const std::filesystem::path& state_dir);

    /// The inode of the one at this path; absent when none was made there.
    std::optional<ino_t> find(const std::string& path);
    /// Durably, before anything is installed in them. Throws Error of kind io or space.
    void add(const std::map<std::string, ino_t>& directories);
    void forget(const std::string& path);

private:
    void read();
    void write();

    std::filesystem::path state_dir_;
    std::optional<std::map<std::string, ino_t>> known_;
};

} // namespace provisor
