// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "model/generation.hpp"
#include "model/marker.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

struct Component;

/// A signing key that is in force.
struct KeyInForce {
    std::string id;   ///< 16 hex digits
    std::string file; ///< its name in keys.d
    bool operator==(const KeyInForce&) const = default;
};
using KeysInForce = std::vector<KeyInForce>;

/// Whether the component's manifest lets this key sign it: one that it names, or any.
bool may_sign(const Component& component, const KeyInForce& key);

/// What is wrong with the keys that a manifest names for its signature: one that is not in force.
/// Absent when nothing is.
std::optional<std::string> find_key_fault(const Component& component, const KeysInForce& keys);

/// What to think of when a manifest names no keys, although there are several. Absent else.
std::optional<std::string> find_key_warning(const Component& component, const KeysInForce& keys);

/// Why installed content is not trusted any more.
struct Doubt {
    enum class Kind {
        key,    ///< the key that signed it is not in force, or may not sign the component
        policy, ///< it lacks what agent.yaml's `require` asks for
        pin     ///< the manifest pins other content
    };
    Kind kind = Kind::key;
    /// Goes after the content's name: "was signed by key …".
    std::string reason;
    bool operator==(const Doubt&) const = default;
};

/// Why content that was put in place earlier, which `marker` describes, must neither be put in
/// place again nor have its units started, by the keys and the policy of now. Absent when it may.
/// Such content was verified by the rules of its own time; nothing here looks at its bytes.
/// `component` is what its manifest says now, null when no manifest names it.
std::optional<Doubt> find_doubt(const Marker& marker, const Component* component, Require require,
                                const KeysInForce& keys);

/// The same by what its manifest pins. Content that came back in the trial of an update stays,
/// although the manifest pins the update, for as long as that one is quarantined.
std::optional<Doubt> find_pin_doubt(const Marker& marker, const Component& component,
                                    const std::optional<Quarantine>& quarantine);

/// Why a generation is none to go back to; empty when it is one.
using Distrust = std::function<std::string(const Marker&)>;

struct WayBack {
    std::optional<Generation> target;
    /// Why there is none, when that is because nothing of what there is is trusted any more.
    std::string refusal;
};

/// What to go back to from `from`: the newest generation that is another installation, not
/// quarantined, and trusted now.
WayBack find_way_back(const Generations& generations, const Marker& from,
                      const std::optional<Quarantine>& quarantine, const Distrust& distrust);

} // namespace provisor
