// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/probe_kind.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace provisor {

/// Payload of FrameType::probe.
struct ProbeOrder {
    ProbeKind kind = ProbeKind::http;
    std::string address;     ///< a URL (http, https), or "host:port"
    std::uint64_t limit = 1; ///< milliseconds for all of it, at least one
    bool operator==(const ProbeOrder&) const = default;
};

/// Payload of FrameType::probed: what came of it. Whether that is healthy is the agent's to say.
struct ProbeReport {
    std::uint64_t status = 0; ///< of the final answer, 200 to 999; 0: none came, or none was wanted
    std::string failure; ///< why there was no answer or connection: "does not answer within 5s"
    bool operator==(const ProbeReport&) const = default;
};

std::string encode(const ProbeOrder& order);
std::string encode(const ProbeReport& report);

/// The reverse; each throws Error of kind io for a payload that is cut, too long or otherwise
/// impossible, such as a report with both a status and a failure.
ProbeOrder decode_probe_order(std::string_view payload);
ProbeReport decode_probe_report(std::string_view payload);

} // namespace provisor
