// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "install/target.hpp"
#include "model/marker.hpp"

namespace provisor {

/// Set-user-ID and set-group-ID.
inline constexpr mode_t set_id_bits = S_ISUID | S_ISGID;

/// Who beside root may write the directories on the way to a file.
enum class Writers {
    group, ///< left to the administrator: /usr/local belongs to staff on some Debian machines
    nobody
};

/// What a file takes that will belong to this user: nobody beside a program that runs with the
/// rights of its owner or with capabilities, nor beside a file that is given to another user than
/// root.
Writers writers_beside(const InstalledFile& file, uid_t owner);

/// Throws Error of kind io when somebody else than root could lead the path elsewhere: who owns a
/// folder that it passes, or may give other things the names in it. In one with the sticky bit
/// (like /tmp) everybody may, for what is their own. Looks at as much of the path as there is, with
/// the links in it. Says nothing when we are not root, whose files nobody gains by.
void require_trusted_way(const std::string& path, const Paths& paths, Writers writers);

/// Throws Error of kind io when somebody else than root and we could put another file in place of
/// the target, or lead `path` to another folder than that.
void require_trusted_folder(const std::string& path, const Target& target, const Paths& paths,
                            Writers writers);

/// Throws Error of kind io when this name in the target's directory does not stand for the file
/// that is held: somebody put another one there.
void require_same_file(const Fd& held, const Target& target, const std::string& name);

} // namespace provisor
