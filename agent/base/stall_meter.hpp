// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace provisor {

/// Says when a transfer has been slower than 1 KiB/s for too long. provisor-fetch has one for what
/// comes from an origin, the agent one for what comes from provisor-fetch. libcurl's own limit
/// looks at the mean of the last seconds, in which a burst hides the silence after it: it ends a
/// stalled transfer up to six seconds late.
class StallMeter {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// `patience` is for how long it may be slow; zero is for ever.
    explicit StallMeter(std::chrono::milliseconds patience);

    void add(std::uint64_t bytes) { received_ += bytes; }
    /// Looks at the clock; to be called often. Returns whether the transfer has stalled. The first
    /// call starts the measurement.
    bool stalled(Time now);
    /// Begins again.
    void restart() { begun_ = false; }
    /// Leaves so much time out of account: something else than the network took it.
    void forgive(std::chrono::steady_clock::duration time) {
        slice_begin_ += time;
        slow_since_ += time;
    }

private:
    std::chrono::milliseconds patience_;
    std::chrono::milliseconds slice_; ///< the speed is taken in slices of this length
    bool begun_ = false;
    Time slice_begin_;
    Time slow_since_;
    std::uint64_t received_ = 0; ///< in this slice
};

} // namespace provisor
