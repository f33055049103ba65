// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/service/pass_thread_test.cpp
#pragma once

#include "base/fd.hpp"

#include <atomic>

namespace provisor {

/// A request to stop, raised from a signal handler or another thread and seen by everything that
/// may take long: loops call check(), polls wait on fd() as well.
class Interrupt {
public:
    Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt() = default;

    /// Async-signal-safe, may be called more than once.
    void raise() noexcept;
    bool raised() const noexcept { return raised_.load(std::memory_order_relaxed); }
    /// Throws Interrupted when raised.
    void check() const;
    /// Readable once raised; stays readable.
    int fd() const { return event_.get(); }

private:
    Fd event_;
    std::atomic<bool> raised_{false};
};

} // namespace provisor
