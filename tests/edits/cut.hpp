// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace provisor::test {

/// Does `work` in a process of its own, which ends by SIGKILL before its write number `count`; 0 is
/// the first one. A write is a call of the C library that changes names, modes or owners of files,
/// or syncs them: between two of them only temporary files differ. So the same work is cut at the
/// same place on each machine, however slow it is. `last_words` are said before the end, whether it
/// is cut or not. Returns whether it was. Throws std::runtime_error when it ended in another way,
/// as by an exception.
bool run_cut(std::size_t count, const std::function<void()>& work,
             const std::function<void()>& last_words);

} // namespace provisor::test
