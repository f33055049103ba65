// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/install/staging_test.cpp
#pragma once

#include "base/fd.hpp"
#include "install/labels.hpp"
#include "model/paths.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace provisor {

/// Where a target lies: its opened folder and its name in there. Under --root every link on the way
/// is resolved inside of the root (openat2(2), RESOLVE_IN_ROOT), so that a link in an image cannot
/// lead out to the machine that builds it.
struct Target {
    Fd folder;
    std::string name;
    std::filesystem::path shown; ///< for messages

    /// Its real path, without links on the way, where /proc tells it.
    std::filesystem::path real() const;
    /// lstat of the target; absent when there is nothing. Throws Error of kind io.
    std::optional<struct stat> look() const;
    /// Opens it for reading, never through a link. Throws Error of kind io.
    Fd open() const;
};

/// What may stand behind a write below `folder` that failed with `error_number`, when it is the
/// sandbox of the unit that this is or a read-only mount, and what to do; empty for other errors.
std::string explain_read_only(int error_number, const std::filesystem::path& folder,
                              const Paths& paths);

/// Finds a target given by its path in a manifest. Absent when its directory does not exist.
std::optional<Target> find_target(const std::string& path, const Paths& paths);

/// A directory that was made for a target.
struct MadeDirectory {
    std::string path; ///< without --root
    ino_t inode = 0;
    bool operator==(const MadeDirectory&) const = default;
};

/// Finds a target, and makes the directories on the way that are missing, with mode 0755, as a
/// package would, what `labels`, unless null, has for them, and synced. They are added to `made`,
/// the outer ones first, also when an Error of kind io or space is thrown.
Target make_way_to_target(const std::string& path, const Paths& paths,
                          std::vector<MadeDirectory>& made, Labels* labels = nullptr);

/// Removes this directory if it is empty and the one that was made; returns whether it was removed.
/// Whatever is in the way (content, a mount, a file system that is read-only) leaves it there.
bool remove_if_empty(const MadeDirectory& directory, const Paths& paths);

/// Throws Error of kind io when the file system where this target is or will be is not to be
/// written, for us at least (explain_read_only()); for what has not come yet.
void require_writable(const std::string& path, const Paths& paths);

} // namespace provisor
