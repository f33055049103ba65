// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/marker.hpp"
#include "model/paths.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace provisor {

/// A process that executes a file which has been replaced (or removed) since it was started.
struct OldProcess {
    std::uint32_t pid = 0;
    std::string path; ///< of what stands in its place now
    bool operator==(const OldProcess&) const = default;
};

/// Those among the process `main_pid` and all others of its control group, that is, of its unit,
/// which execute an older one of `files`: the kernel knows which file a process was started from
/// (/proc/PID/exe), whatever became of its name. A script is not known: what its process executes
/// is the interpreter. Empty for pid 0, and for what may not be looked at (another user's).
std::vector<OldProcess> find_old_processes(const std::vector<InstalledFile>& files,
                                           std::uint32_t main_pid, const Paths& paths);

} // namespace provisor
