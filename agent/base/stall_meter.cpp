// SPDX-License-Identifier: Apache-2.0
#include "base/stall_meter.hpp"

#include <algorithm>

namespace provisor {
namespace {

constexpr std::uint64_t bytes_per_second = 1024;
constexpr std::chrono::milliseconds longest_slice(1000);

} // namespace

StallMeter::StallMeter(std::chrono::milliseconds patience)
    : patience_(patience),
      slice_(std::clamp(patience / 4, std::chrono::milliseconds(1), longest_slice)) {}

bool StallMeter::stalled(Time now) {
    if (patience_ <= std::chrono::milliseconds::zero())
        return false;
    if (!begun_) {
        begun_ = true;
        slice_begin_ = slow_since_ = now;
        received_ = 0;
        return false;
    }
    const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(now - slice_begin_);
    if (length >= slice_) {
        if (received_ * 1000 >= bytes_per_second * static_cast<std::uint64_t>(length.count()))
            slow_since_ = now;
        slice_begin_ = now;
        received_ = 0;
    }
    return now - slow_since_ >= patience_;
}

} // namespace provisor
