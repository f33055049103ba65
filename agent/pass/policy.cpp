// SPDX-License-Identifier: Apache-2.0
#include "pass/policy.hpp"

#include "base/error.hpp"
#include "model/component.hpp"

namespace provisor {

void enforce_policy(const Component& component, const AgentConfig& config) {
    if (config.require == Require::signature && component.signature.empty())
        throw Error(ErrorKind::config,
                    "agent.yaml says 'require: signature', and the component has no signature");
    if (config.require == Require::pin && component.sha256.empty() && component.sha512.empty() &&
        component.signature.empty())
        throw Error(ErrorKind::config, "agent.yaml says 'require: pin', and the component has "
                                       "neither sha256 nor signature");
}

} // namespace provisor
