// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/nginx_tls_test.cpp
#pragma once

#include "model/agent_config.hpp"
#include "wire/messages.hpp"

namespace provisor {

/// What a provisor-fetch for transfers has to know. The certificate and key files that `config`
/// names are read here (they may be readable by root alone) and handed over by content; the client
/// certificate and its key only `with_secrets` (TrustDomain::has_secrets). Throws Error of kind
/// config.
FetchSettings fetch_settings(const AgentConfig& config, bool with_secrets);

/// The same of one for health probes, which knows neither certificate nor proxy.
FetchSettings probe_settings(const AgentConfig& config);

} // namespace provisor
