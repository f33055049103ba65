// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/pass_test.cpp
#pragma once

#include "model/agent_config.hpp"

namespace provisor {

struct Component;

/// Throws Error of kind config for a component without what agent.yaml's `require` asks of each.
void enforce_policy(const Component& component, const AgentConfig& config);

} // namespace provisor
