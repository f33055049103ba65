// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "model/component.hpp"

#include <optional>
#include <string>

namespace provisor::fuzz {

/// A manifest with nothing but this component, every key written out. Absent when it cannot be
/// written: a '{' in a text would be a placeholder again.
std::optional<std::string> printed_manifest(const Component& component);

/// An agent.yaml that says all of this.
std::string printed_config(const AgentConfig& config);

} // namespace provisor::fuzz
