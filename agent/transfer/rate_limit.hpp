// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace provisor {

/// Spreads what is read evenly over time, so that it is at most so many bytes per second over all
/// transfers together. Who is not read from stops sending: the fetcher's buffers fill up, then the
/// kernel's, then the origin waits.
class RateLimit {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// 0 means that there is no limit.
    explicit RateLimit(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

    /// How long to read nothing; zero when something may be read now.
    std::chrono::milliseconds wait(Time now) const;
    /// How many bytes may be read at once, at most `wanted`: a tenth of a second's, and no less
    /// than 1 KiB.
    std::size_t portion(std::size_t wanted) const;
    /// So many were read.
    void take(std::size_t bytes, Time now);

private:
    std::uint64_t rate_;
    Time next_{}; ///< when the bytes that were read so far have had their time
};

} // namespace provisor
