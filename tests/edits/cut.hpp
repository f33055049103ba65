// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace provisor::test {

/// This process ends by SIGKILL before its write number `count` from now on; 0 is the next one. A
/// write is a call of the C library that changes names, modes or owners of files, or syncs them:
/// between two of them only temporary files differ. So the same edits are cut at the same place on
/// each machine, however slow it is. `last_words` is called before.
void kill_before_write(std::size_t count, std::function<void()> last_words);

} // namespace provisor::test
