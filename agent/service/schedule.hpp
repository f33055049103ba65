// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/duration.hpp"

#include <string_view>

namespace provisor {

/// The part of `splay` that this machine adds to the interval: from 0 up to but not including
/// `splay`, always the same for one machine id, spread evenly over the machines of a fleet. The id
/// is hashed together with a name of ours, so that the share of one program tells nothing about
/// that of another.
Duration splay_share(std::string_view machine_id, Duration splay);

/// The time from the end of one pass to the start of the next; "infinity" stays that.
Duration time_between_passes(Duration interval, Duration share);

} // namespace provisor
