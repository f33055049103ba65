// SPDX-License-Identifier: Apache-2.0
#include "model/trusted_now.hpp"

#include "model/component.hpp"
#include "model/report.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

/// Whether the manifest pins exactly this content; by both digests when it has both.
bool names(const Component& component, const std::string& sha256, const std::string& sha512) {
    return (component.sha256.empty() || component.sha256 == sha256) &&
           (component.sha512.empty() || component.sha512 == sha512) &&
           !(component.sha256.empty() && component.sha512.empty());
}

} // namespace

bool may_sign(const Component& component, const KeyInForce& key) {
    const std::vector<std::string>& named = component.signature.keys;
    return named.empty() || std::any_of(named.begin(), named.end(), [&](const std::string& name) {
               return name == key.file || name == key.id;
           });
}

std::optional<std::string> find_key_fault(const Component& component, const KeysInForce& keys) {
    for (const std::string& name : component.signature.keys)
        if (std::none_of(keys.begin(), keys.end(),
                         [&](const KeyInForce& key) { return name == key.file || name == key.id; }))
            return fmt::format("signature.keys names '{}', and keys.d has no such key that can be "
                               "used; put it there, or take it out of the manifest",
                               name);
    return std::nullopt;
}

std::optional<std::string> find_key_warning(const Component& component, const KeysInForce& keys) {
    if (component.signature.empty() || !component.signature.keys.empty() || keys.size() < 2)
        return std::nullopt;
    return fmt::format("each of the {} keys in keys.d may sign it; name those of its vendor with "
                       "signature: {{ url: …, keys: [ NAME.pub ] }}",
                       keys.size());
}

std::optional<Doubt> find_doubt(const Marker& marker, const Component* component, Require require,
                                const KeysInForce& keys) {
    const bool named = component != nullptr && names(*component, marker.artifact, marker.sha512);
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
    const KeyInForce* refused = nullptr;
    for (const KeyInForce& key : keys) {
        if (key.id != marker.signed_by)
            continue;
        if (component == nullptr || may_sign(*component, key))
            return std::nullopt;
        refused = &key;
    }
    return Doubt{
        Doubt::Kind::key,
        refused == nullptr
            ? fmt::format("was signed by key {}, which is not trusted any more", marker.signed_by)
            : fmt::format("was signed by key {} ({}), which may not sign '{}'", refused->id,
                          refused->file, component->name)};
}

std::optional<Doubt> find_pin_doubt(const Marker& marker, const Component& component,
                                    const std::optional<Quarantine>& quarantine) {
    if ((component.sha256.empty() && component.sha512.empty()) ||
        names(component, marker.artifact, marker.sha512) ||
        (quarantine && names(component, quarantine->sha256, quarantine->sha512)))
        return std::nullopt;
    const std::string& pin = component.sha256.empty() ? component.sha512 : component.sha256;
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
