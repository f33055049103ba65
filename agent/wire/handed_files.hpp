// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <span>
#include <vector>

namespace provisor {

/// What provisor-unpack works on goes to it as descriptors (SCM_RIGHTS of unix(7)) on one byte
/// before the first frame: however it was started, it has no other way to any file.
inline constexpr std::size_t max_handed_files = 2;

/// The agent's side. Throws Error of kind io; not when the other side is gone, which reading will
/// find.
void hand_over_files(int socket, std::span<const int> files);

/// The program's side: waits for them. Throws Error of kind io when what comes is something else.
std::vector<Fd> receive_files(int socket);

} // namespace provisor
