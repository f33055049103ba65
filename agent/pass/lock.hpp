// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/settings_test.cpp, tests/faults/concurrency_rows_test.cpp
#pragma once

#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "model/paths.hpp"

#include <optional>

namespace provisor {

/// The lock that one pass at a time holds: flock on <run_dir>/lock, so that it is free the moment
/// its holder dies.
class PassLock {
public:
    enum class Wait { no, yes };
    /// Absent when another pass holds it (with Wait::no). Throws Interrupted while waiting, Error
    /// of kind io.
    static std::optional<PassLock> acquire(const Paths& paths, Wait wait,
                                           const Interrupt& interrupt);

    /// The process that holds it right now, as /proc/locks says, since to try it would get in the
    /// way of who wants it; absent when nobody does.
    static std::optional<int> holder(const Paths& paths);

private:
    explicit PassLock(Fd file) : file_(std::move(file)) {}
    Fd file_;
};

} // namespace provisor
