// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <sys/types.h>

namespace provisor::test {

/// What an attempt is made on. Everybody may write both, so that it is not their modes that refuse.
struct Quarry {
    std::string file;   ///< a file with "content" in it, for this attempt alone
    std::string folder; ///< an empty folder, for this attempt alone
    pid_t victim;       ///< a process that sleeps, for all of them
    void* memory;       ///< 16 bytes of the victim's
};

/// Something that one does to a machine with a process that one has taken over.
struct Attempt {
    const char* name; ///< "start another program"
    /// Does it, with what is valid where it is allowed. Returns -1, with errno, when it failed.
    long (*make)(const Quarry& quarry);
};

/// Fifty-three, of which neither provisor-fetch nor provisor-unpack needs any.
std::span<const Attempt> forbidden_attempts();

/// What only Landlock keeps from a fetcher: files of others that everybody may read.
std::span<const Attempt> attempts_on_readable_files();

} // namespace provisor::test
