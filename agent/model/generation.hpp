// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "model/marker.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

struct Component;

/// What a rollback goes back to: an installation that was found healthy, whole, or what stood there
/// before the first one (model/overwritten.hpp).
struct Generation {
    Marker marker;
    std::string version;
    std::string url; ///< shown form
    WallTime since;  ///< when it was found healthy, or overwritten
    bool operator==(const Generation& other) const {
        return marker.same_installation(other.marker) && marker.found == other.marker.found &&
               version == other.version && url == other.url && since == other.since;
    }
};

/// Those of one component, each once, the one found healthy last at the end.
using Generations = std::vector<Generation>;

/// The generations once `newest` was found healthy, too; the oldest are dropped beyond `limit`.
Generations with_newest(Generations generations, Generation newest, std::size_t limit);

/// Stands for the installation that a marker describes (see Marker::same_installation).
std::string identity_of(const Marker& marker);

/// An installation that was found unhealthy: it is not put in place (again) until the manifest
/// wants another one, or judges its health in another way.
struct Quarantine {
    std::string installation; ///< identity_of its marker
    std::string judged_by;    ///< how_judged
    std::string sha256;       ///< of its artifact
    std::string version;
    std::string reason;
    WallTime since;
    std::string sha512 = {}; ///< of its artifact, when the manifest pinned that
    bool operator==(const Quarantine&) const = default;
};

/// The newest generation other than `from` with this version, or whose artifact's digest begins so
/// (8 hex digits at least).
std::optional<Generation> find_generation(const Generations& generations, std::string_view wanted);

/// Text of `generations.json`: JSON, schema 1, a final newline.
std::string to_json(const Generations& generations);
/// None for text that is none: a rollback then has nothing to go back to.
Generations parse_generations(std::string_view text);

/// Stands for everything in a manifest by which a component's health is judged.
std::string how_judged(const Component& component);

/// Whether the component with this marker is what is quarantined.
bool is_quarantined(const std::optional<Quarantine>& quarantine, const Component& component,
                    const Marker& wanted);

} // namespace provisor
