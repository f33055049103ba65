// SPDX-License-Identifier: Apache-2.0
#include "base/interrupt.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace provisor {

Interrupt::Interrupt() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_)
        throw system_error(errno, "eventfd");
}

void Interrupt::raise() noexcept {
    const int saved = errno;
    raised_.store(true, std::memory_order_relaxed);
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
    errno = saved;
}

void Interrupt::check() const {
    if (raised())
        throw Interrupted();
}

} // namespace provisor
