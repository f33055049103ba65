// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace provisor {

// Of a system below `root`: its links are followed as they lead when it runs, and never out of it
// to the machine that works on it (openat2(2), RESOLVE_IN_ROOT). An empty root is the
// running system. `path` is given without the root.

/// A path of this machine as one below the root, "/etc" for "DIR/etc", by their names alone; absent
/// when it is not below. Without a root that is `path` itself.
std::optional<std::filesystem::path> name_inside(const std::filesystem::path& root,
                                                 const std::filesystem::path& path);

/// Opens it; not open, with errno, when that fails. Throws Error of kind io where the way cannot be
/// followed and the kernel does not do it for us.
Fd open_inside(const std::filesystem::path& root, const std::filesystem::path& path, int flags);

/// read_file() of it.
std::optional<std::string> read_inside(const std::filesystem::path& root,
                                       const std::filesystem::path& path, std::uint64_t limit);

/// Where it leads, as a path of this machine: the root in front, and no link in it now. What is not
/// there (yet) is as it was written. Without a root that is `path` itself. Throws Error of kind io
/// for links that go round, and for one that goes up (..) from a directory that is not there.
std::filesystem::path real_path_inside(const std::filesystem::path& root,
                                       const std::filesystem::path& path);

} // namespace provisor
