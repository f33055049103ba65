// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "model/component.hpp"

namespace provisor {

/// Throws Error of kind config for what the manifest asks and this version cannot do, where going
/// on without it would be less safe than what was asked; and for what agent.yaml's `require`
/// forbids.
void refuse_unsupported(const Component& component, const AgentConfig& config);

} // namespace provisor
