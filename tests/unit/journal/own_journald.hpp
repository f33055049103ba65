// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace provisor::test {

/// Runs `body` in a child process with mounts of its own, in which a socket of the test stands
/// where journald's would; `body` returns what is wrong, or nothing. Skips the test without the
/// right to do that.
void with_own_journald(const std::function<std::string(int listener)>& body);

/// The next entry as it is on the wire (journald's native protocol), empty when none waits.
std::string next_entry(int listener);

} // namespace provisor::test
