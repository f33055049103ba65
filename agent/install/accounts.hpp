// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace provisor {

struct Ownership {
    uid_t user = 0;
    gid_t group = 0;
    bool operator==(const Ownership&) const = default;
};

/// The ids behind a user's and a group's name (or decimal ids). With a root folder its own
/// /etc/passwd and /etc/group are asked. Throws Error of kind io naming what is unknown.
Ownership resolve_ownership(const std::string& owner, const std::string& group,
                            const std::filesystem::path& root);

/// Whether files can be given away here: root can; an unprivileged provisor leaves owner and group
/// as they come.
bool can_change_owner();

} // namespace provisor
