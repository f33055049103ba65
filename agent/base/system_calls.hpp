// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace provisor {

/// From here on this process (and its threads to come) may make these system calls (numbers SYS_*),
/// whatever their arguments, at most 200; every other one fails with EPERM. Needs "no new
/// privileges". A kernel without seccomp filters, and a processor that this does not know, leave
/// everything as it is. Throws Error of kind io.
void allow_only_system_calls(std::span<const int> numbers);

} // namespace provisor
