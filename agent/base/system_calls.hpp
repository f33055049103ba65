// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/unpack/confinement_test.cpp, tests/local/confinement/confinement_test.cpp
#pragma once

#include <span>

namespace provisor {

/// From here on this process (and its threads to come) may make these system calls (numbers SYS_*),
/// whatever their arguments, at most 150, and have memory that cannot be executed: no code can be
/// loaded or made any more, so that what a library loads when it first needs it must be there by
/// now. Every other call fails with EPERM. Needs "no new privileges". A kernel without seccomp
/// filters, and a processor that this does not know, leave everything as it is. Throws Error of
/// kind io.
void allow_only_system_calls(std::span<const int> numbers);

/// The same, and of these calls only what a client of a network needs: sockets of the internet and
/// local ones, files opened for reading, threads and no processes, signals to this process alone.
/// clone3(2), whose arguments cannot be looked at, fails as if the kernel were too old for it.
void allow_only_client_calls(std::span<const int> numbers);

enum class Sockets { local, internet };
/// From here on this process and all that come of it make no other sockets than these (local ones
/// in any case), no name space and no mount, and look into no other process. Needs "no new
/// privileges"; only system calls are made, so that it may stand between fork and exec. Kernels and
/// processors as above. False, and errno, when the kernel refuses.
bool restrict_program(Sockets sockets) noexcept;

} // namespace provisor
