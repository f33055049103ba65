// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "model/record.hpp"

#include <optional>
#include <string>

namespace provisor {

/// What is wanted now, in place of what is installed.
struct WantedContent {
    std::string sha256; ///< of the artifact
    std::string version;
    std::string url; ///< shown form
};

/// The flip-flop guard. A component that has switched `switches` times within `window` among
/// contents which it had before keeps what it has: the hold that is in force then, whose reason
/// names the contents and where each came from. Each hold that follows another within max_hold
/// lasts twice as long, up to max_hold. Contents that it never had are no flip-flop, whatever came
/// before.
///
/// Absent when the switch may be made. `before` is the last hold that there was, if any. Pure:
/// `now` is given; a hold that would last longer than max_hold from now (the clock was set back) is
/// over.
std::optional<FlipFlopHold> flip_flop(const std::vector<HistoryEntry>& history,
                                      const std::string& installed, const WantedContent& wanted,
                                      const std::optional<FlipFlopHold>& before,
                                      const AgentConfig::FlipFlop& config, WallTime now);

} // namespace provisor
