// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/encoding_test.cpp
#pragma once

#include "model/agent_config.hpp"
#include "pass/pass.hpp"
#include "store/cache.hpp"

#include <optional>
#include <string>

namespace provisor {

/// What is in a body that came encoded from `url`; its file takes the place of the encoded one, so
/// that a body without an encoding could have left it there. `dictionary` is what was offered. The
/// encoded body stays when it throws: Error of kind unpack when it is damaged or the dictionary is,
/// size, space or io.
Body decode_body(const Body& encoded, const std::string& url,
                 const std::optional<Dictionary>& dictionary, Cache& cache,
                 const AgentConfig& config, const Surroundings& around);

} // namespace provisor
