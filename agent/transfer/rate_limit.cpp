// SPDX-License-Identifier: Apache-2.0
#include "transfer/rate_limit.hpp"

#include <algorithm>

namespace provisor {
namespace {

constexpr std::chrono::milliseconds lateness(50);

} // namespace

std::chrono::milliseconds RateLimit::wait(Time now) const {
    if (rate_ == 0 || next_ <= now)
        return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(next_ - now);
}

std::size_t RateLimit::portion(std::size_t wanted) const {
    if (rate_ == 0)
        return wanted;
    return std::min<std::size_t>(wanted, std::max<std::uint64_t>(rate_ / 10, 1024));
}

void RateLimit::take(std::size_t bytes, Time now) {
    if (rate_ == 0)
        return;
    // What was not used in time is not saved up; but who waited may be woken late, ten times a
    // second.
    const bool woken_late = next_ < now && now - next_ <= lateness;
    const auto time = std::chrono::duration_cast<Time::duration>(
        std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(rate_)));
    next_ = (woken_late ? next_ : std::max(next_, now)) + time;
}

} // namespace provisor
