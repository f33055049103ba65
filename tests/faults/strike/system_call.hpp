// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace provisor::test {

/// A system call at its entry, as the kernel's registers have it.
struct SystemCall {
    std::uint64_t number = 0;
    std::array<std::uint64_t, 6> arguments{};
};

/// A system call that changes something, with what it changes.
struct Change {
    enum class Sort {
        open,
        make,
        rename,
        remove,
        write,
        sync,
        truncate,
        allocate,
        attribute,
        socket
    };
    Sort sort = Sort::write;
    std::string name;       ///< of the call
    std::string path = {};  ///< of what it changes; the new one of a rename
    std::uint64_t size = 0; ///< that a write asks for
    int size_argument = -1; ///< which argument that is; -1 when it is none
};

/// What a call of this thread changes in the file system: absent when it only reads, or writes to a
/// pipe, a socket or a device. The thread must be stopped at the entry of the call, with us as its
/// tracer.
std::optional<Change> change_by(pid_t thread, const SystemCall& call);

/// A message that this call sends or takes over a socket, as a change of sort `socket`; absent for
/// all others.
std::optional<Change> message_by(const SystemCall& call);

/// Whether such a call can fail with this error: the ERRORS of its manual page, and what Linux's
/// file systems add.
bool can_fail_with(const Change& change, int error);

/// "write" and the like, as they are written into a report; and back.
const char* to_text(Change::Sort sort);
Change::Sort parse_sort(const std::string& text);

} // namespace provisor::test
