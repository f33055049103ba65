// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace provisor {

/// As root: leaves the network behind, when the kernel and the unit's sandbox let it. Before the
/// change of user.
void leave_network();

/// From here on: no more than 512 MiB of memory and ten minutes of processor time, no descriptor
/// that is not there yet, no other process. Throws Error of kind io.
void limit_resources();

/// From here on: nothing but reading the artifact, talking to the agent, memory, and ending. Needs
/// "no new privileges". Throws Error of kind io.
void limit_system_calls();

} // namespace provisor
