// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "model/paths.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace provisor {

/// Where a target lies: its opened folder and its name in there. Under --root every link on the way
/// is resolved inside of the root (openat2(2), RESOLVE_IN_ROOT), so that a link in an image cannot
/// lead out to the machine that builds it.
struct Target {
    Fd folder;
    std::string name;
    std::filesystem::path shown; ///< for messages

    /// lstat of the target; absent when there is nothing. Throws Error of kind io.
    std::optional<struct stat> look() const;
    /// Opens it for reading, never through a link. Throws Error of kind io.
    Fd open() const;
};

/// What may stand behind a write below `folder` that failed with `error_number`, when it is the
/// sandbox of the unit that this is or a read-only mount, and what to do; empty for other errors.
std::string explain_read_only(int error_number, const std::filesystem::path& folder,
                              const Paths& paths);

enum class MissingFolders { leave, make };

/// Finds a target given by its path in a manifest. Absent when its folder does not exist
/// (MissingFolders::leave); otherwise missing folders are made with mode 0755, as a package would,
/// and synced.
std::optional<Target> find_target(const std::string& path, const Paths& paths,
                                  MissingFolders missing);

/// Throws Error of kind io when the file system where this target is or will be is not to be
/// written, for us at least (explain_read_only()); for what has not come yet.
void require_writable(const std::string& path, const Paths& paths);

} // namespace provisor
