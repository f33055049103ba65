// SPDX-License-Identifier: Apache-2.0
#include "pass/trust.hpp"

#include "pass/settings.hpp"

#include <filesystem>
#include <fmt/format.h>

namespace provisor {

KeyRing read_keys(const Paths& paths) {
    return read_keys(paths.keys_dir, rules_for(paths.keys_dir, paths));
}

KeyInForce key_in_force(const PublicKey& key) {
    return {key.id, std::filesystem::path(key.file).filename().string()};
}

KeysInForce keys_in_force(const KeyRing& ring) {
    KeysInForce keys;
    keys.reserve(ring.keys.size());
    for (const PublicKey& key : ring.keys)
        keys.push_back(key_in_force(key));
    return keys;
}

std::string remedy_of_untrusted(const std::string& component) {
    return fmt::format("publish content that is trusted and run `provisor apply {}`, or take it "
                       "away with `state: absent`",
                       component);
}

const KeyRing& Trust::ring() {
    if (!ring_)
        ring_ = read_keys(paths_);
    return *ring_;
}

const KeysInForce& Trust::keys() {
    if (!keys_)
        keys_ = keys_in_force(ring());
    return *keys_;
}

std::optional<Doubt> Trust::doubt(const Marker& marker, const Component& component) {
    static const KeysInForce none;
    // Of what is not signed the keys say nothing, and are not read for it.
    return find_doubt(marker, &component, config_.require,
                      marker.signed_by.empty() ? none : keys());
}

Distrust Trust::distrust(const Component& component, Pin pin) {
    return [this, &component, pin](const Marker& marker) {
        std::optional<Doubt> found = doubt(marker, component);
        if (!found && pin == Pin::binding)
            found = find_pin_doubt(marker, component, std::nullopt);
        return found ? found->reason : "";
    };
}

} // namespace provisor
