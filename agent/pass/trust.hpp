// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "model/paths.hpp"
#include "model/trusted_now.hpp"
#include "trust/minisign.hpp"

#include <optional>
#include <string>

namespace provisor {

/// The keys in keys.d that nobody but root can change, see rules_for().
KeyRing read_keys(const Paths& paths);

/// A key, and the keys of a ring, for the functions of the model.
KeyInForce key_in_force(const PublicKey& key);
KeysInForce keys_in_force(const KeyRing& ring);

/// What to do about installed content that is not trusted any more.
std::string remedy_of_untrusted(const std::string& component);

/// What is trusted in this pass. The keys are read once, when the first signature is met.
class Trust {
public:
    Trust(const AgentConfig& config, const Paths& paths) : config_(config), paths_(paths) {}

    const KeyRing& ring();
    /// The same, for the functions of the model.
    const KeysInForce& keys();

    /// See find_doubt() of the model; by keys and policy alone, not by the pin.
    std::optional<Doubt> doubt(const Marker& marker, const Component& component);

    /// For find_way_back(): in the trial of an update what is pinned is the update itself, and what
    /// was there before may come back; an operator can only go back to what the manifest pins.
    enum class Pin { lifted, binding };
    Distrust distrust(const Component& component, Pin pin);

private:
    const AgentConfig& config_;
    const Paths& paths_;
    std::optional<KeyRing> ring_;
    std::optional<KeysInForce> keys_;
};

} // namespace provisor
