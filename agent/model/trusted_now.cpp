// SPDX-License-Identifier: Apache-2.0
#include "model/trusted_now.hpp"

#include "model/report.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {

std::optional<Doubt> find_doubt(const Marker& marker, const Component* component, Require require,
                                const KeysInForce& keys) {
    const bool named = component != nullptr && component->sha256 == marker.artifact;
    // A manifest that asks for no signature, and names the very bytes, vouches for them itself.
    if (marker.signed_by.empty() || (named && component->signature.empty())) {
        if (require == Require::signature)
            return Doubt{Doubt::Kind::policy, "has no signature on record, and agent.yaml says "
                                              "'require: signature'"};
        if (require == Require::pin && !marker.pinned && !named)
            return Doubt{Doubt::Kind::policy, "has neither a pin nor a signature on record, and "
                                              "agent.yaml says 'require: pin'"};
        return std::nullopt;
    }
    if (std::any_of(keys.begin(), keys.end(),
                    [&](const KeyInForce& key) { return key.id == marker.signed_by; }))
        return std::nullopt;
    return Doubt{
        Doubt::Kind::key,
        fmt::format("was signed by key {}, which is not trusted any more", marker.signed_by)};
}

std::optional<Doubt> find_pin_doubt(const Marker& marker, const Component& component,
                                    const std::optional<Quarantine>& quarantine) {
    const std::string& pin = component.sha256;
    if (pin.empty() || marker.artifact == pin || (quarantine && quarantine->sha256 == pin))
        return std::nullopt;
    return Doubt{Doubt::Kind::pin,
                 fmt::format("is not what the manifest pins ({})", pin.substr(0, 12))};
}

WayBack find_way_back(const Generations& generations, const Marker& from,
                      const std::optional<Quarantine>& quarantine, const Distrust& distrust) {
    WayBack way;
    for (auto one = generations.rbegin(); one != generations.rend(); ++one) {
        if (one->marker.same_installation(from) ||
            (quarantine && quarantine->installation == identity_of(one->marker)))
            continue;
        const std::string doubt = distrust(one->marker);
        if (doubt.empty())
            return {*one, ""};
        if (way.refusal.empty())
            way.refusal = fmt::format("no earlier version that is still trusted: {} {}",
                                      named_content(one->version, one->marker.artifact), doubt);
    }
    return way;
}

} // namespace provisor
