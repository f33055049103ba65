// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/probes_test.cpp
#pragma once

#include "fetch/attempt.hpp"
#include "wire/agent_socket.hpp"

#include <list>
#include <memory>

namespace provisor {

/// The attempts of health probes that are under way, beside the transfers of a fetcher and on the
/// same multi handle.
class Attempts {
public:
    /// All three must outlive it; `multi` is a CURLM*.
    Attempts(void* multi, AgentSocket& agent, const FetchSettings& settings)
        : multi_(multi), agent_(agent), settings_(settings) {}

    bool empty() const { return active_.empty(); }
    void begin(std::uint32_t id, ProbeOrder order);
    /// Takes how the transfer of `handle` (a CURL*) ended, a CURLcode. Returns whether it was one
    /// of these; the agent has been told then.
    bool finish(void* handle, int code);

private:
    struct FreeEasy {
        void operator()(void* handle) const;
    };
    struct Active {
        Active(std::uint32_t id, ProbeOrder order, const FetchSettings& settings)
            : attempt(id, std::move(order), settings) {}
        Attempt attempt;
        std::unique_ptr<void, FreeEasy> handle; ///< refers to the attempt, and so ends before it
    };

    void* multi_;
    AgentSocket& agent_;
    const FetchSettings& settings_;
    std::list<Active> active_;
};

} // namespace provisor
