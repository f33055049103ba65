// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/base/contained_test.cpp
#pragma once

#include <sys/types.h>

namespace provisor {

/// All that the child of a fork needs to become the keeper of a contained command, made ready
/// beforehand: in the child of a process with threads only system calls are safe (fork(2)).
struct Containment {
    bool as_root = false; ///< the command then runs as `user` and `group`
    uid_t user = 0;
    gid_t group = 0;
    bool isolated = true;      ///< without any network, and without the sockets in /run
    const char* user_map = ""; ///< of a user name space, for those who are not root: "1000 1000 1"
    const char* group_map = "";
    const char* lent = nullptr; ///< a file that is to be seen at `seen`; null: none
    const char* seen = nullptr;
    char* const* words = nullptr;       ///< with `seen` in them
    char* const* plain_words = nullptr; ///< where nothing can be mounted: with `lent` in them
    char* const* environment = nullptr;
    // Descriptors, each above containment_descriptors:
    int output = -1; ///< the command's standard output and error
    int report = -1; ///< takes one ContainmentReport
    int life = -1;   ///< when its other end is closed, all of it ends
};
inline constexpr int containment_descriptors = 5;

/// What became of the command.
struct ContainmentReport {
    enum class What : int { ended, not_confined, not_executed };
    What what = What::ended;
    int value = 0; ///< status of waitpid(2), else errno
};

/// fork(2) without handlers and locks (_Fork(3)), for a process with threads whose child makes only
/// system calls before it executes something.
pid_t bare_fork() noexcept;

/// The keeper: goes into name spaces of its own (network, processes, mounts) as far as it may, runs
/// the command as nobody in particular there, reports, and leaves nothing of it alive.
[[noreturn]] void keep_contained(const Containment& containment) noexcept;

} // namespace provisor
