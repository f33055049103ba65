// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unpack/artifact.hpp"

#include <optional>

namespace provisor {

/// The files that the agent handed over (wire/handed_files.hpp).
struct HandedOver {
    Artifact artifact;
    std::optional<Artifact> dictionary; ///< absent when there is none
};

/// Gives up what provisor-unpack does not need, for good, and takes the agent's files on the way:
/// they are in use until the process ends. From then on it is another user (started by root),
/// without network, without a file but those, without another process, with 512 MiB of memory and
/// ten minutes of processor time, and has the system calls that limit_system_calls() leaves. Throws
/// Error of kind io.
HandedOver confine_unpacker();

/// The last part of that. From here on: nothing but reading open files, talking over open sockets,
/// memory, and ending. Needs "no new privileges". Throws Error of kind io.
void limit_system_calls();

} // namespace provisor
