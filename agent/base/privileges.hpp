// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

namespace provisor {

struct Account {
    uid_t user = 0;
    gid_t group = 0;
};

/// The ids of an account; those of nobody when there is none of this name.
Account find_account(const char* name);

/// Gives up everything that parsing bytes of strangers does not need: as root changes to the user
/// `account` (or nobody) for good, takes no new privileges, writes no files and no core, closes
/// every descriptor but 0 to `keep`, and dies with its parent. Throws Error of kind io when any of
/// it fails: the program must not go on then.
void drop_privileges(const char* account, int keep);

/// Whether this is root that may not become another user (CAP_SETUID), as in the sandbox of
/// provisor.service: a program that it starts could not give up root. Throws Error of kind io.
bool is_confined_root();

/// From now on no core is written of this process, neither to a file nor to a program
/// (core_pattern) that would keep it on disk, and only root can look at its memory: there are
/// credentials in it. For a program that goes on with its privileges.
void forbid_core_dumps() noexcept;

} // namespace provisor
