// SPDX-License-Identifier: Apache-2.0
#include "pass/support.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

[[noreturn]] void refuse(std::string_view key) {
    throw Error(
        ErrorKind::config,
        fmt::format("'{}' is not supported yet, and leaving it out would not be safe", key));
}

} // namespace

void refuse_unsupported(const Component& component, const AgentConfig& config) {
    if (config.require == Require::signature && component.signature.empty())
        throw Error(ErrorKind::config,
                    "agent.yaml says 'require: signature', and the component has no signature");
    if (config.require == Require::pin && component.sha256.empty() && component.signature.empty())
        throw Error(ErrorKind::config, "agent.yaml says 'require: pin', and the component has "
                                       "neither sha256 nor signature");
    if (!component.check.empty())
        refuse("check");
    if (!component.health.command.empty())
        refuse("health.command");
}

} // namespace provisor
