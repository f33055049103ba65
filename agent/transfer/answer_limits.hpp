// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/transfer/trust_domain_test.cpp
#pragma once

#include "model/agent_config.hpp"

#include <chrono>

namespace provisor {

/// How long the agent listens for an answer. provisor-fetch keeps the limits of `timeouts` itself,
/// and says what it saw; these are for one that was taken over or hangs, and longer. Zero is no
/// limit.
struct AnswerLimits {
    /// Until the head, without a word about another request either: a request may have to wait for
    /// the connection of another.
    std::chrono::milliseconds head{0};
    std::chrono::milliseconds stall{0}; ///< of a body at less than 1 KiB/s
    std::chrono::milliseconds total{0};
    std::chrono::milliseconds abandoned{0}; ///< until the end of what is not wanted any more
};

/// From the timeouts of the configuration.
AnswerLimits answer_limits(const AgentConfig::Timeouts& timeouts);

} // namespace provisor
