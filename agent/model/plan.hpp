// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/marker.hpp"
#include "model/report.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

struct Component;

/// How sure it is that the artifact is what the origin has now.
enum class Freshness {
    fetched,     ///< 200 in this pass
    revalidated, ///< 304 in this pass
    pinned,      ///< the manifest's digest says so; nobody was asked
    cached       ///< nobody could be asked (--offline); what the cache knows
};

/// Content known by its digest; the bytes lie in the cache (or, for a pinned one that is installed,
/// need not).
struct Artifact {
    std::string sha256;
    Freshness freshness = Freshness::fetched;
    bool operator==(const Artifact&) const = default;
};

/// What a machine looks like for one component.
struct Observed {
    std::optional<Marker> installed;             ///< `.installed`
    std::optional<Marker> activated;             ///< `.activated`
    std::map<std::string, InstalledFile> actual; ///< files that are there, by path

    /// Whether the units are known to have been activated with this installation.
    bool activated_with(const Marker& marker) const;
};

/// Why the units of a component have to be looked at.
enum class Due {
    nothing,
    adoption,      ///< everything was in place already: units are started if they are not running
    first_install, ///< started, or acted on by on_change where one runs with what stood there
                   ///< before
    change,        ///< on_change, but only where the unit runs, starts or has failed
    repair         ///< on_repair
};

/// What is to be done for one component, and why.
struct Plan {
    Decision decision = Decision::unchanged;
    std::string reason;
    std::vector<std::string>
        place; ///< paths whose content, mode, owner or capabilities must be put right
    bool write_marker = false;
    Due due = Due::nothing;
    /// Foreign files are about to be replaced for the first time, and units may run them:
    /// `.activated` must say so first (foreign_marker), or a crash between the files and the marker
    /// would make them look adopted.
    bool record_foreign = false;
    bool operator==(const Plan&) const = default;
};

/// Which digest has what each `files.from` stands for in an artifact; empty for an artifact that is
/// installed as it is.
using Contents = std::map<std::string, std::string>;

/// The marker that a component has once this artifact is installed. `unit_dir` is where its unit
/// files go. `contents`, unless empty, has each `files.from` of the component; std::out_of_range if
/// not.
Marker wanted_marker(const Component& component, const std::string& artifact_sha256,
                     const Contents& contents, const std::string& unit_dir);

/// What stands at the targets before provisor installs there for the first time, as an activation
/// in doubt.
Marker foreign_marker(const Component& component, const Observed& observed);

enum class Units { act, leave };

/// Compares what is wanted with what is there. Pure; `freshness` only chooses words.
Plan make_plan(const Component& component, const Marker& wanted, Freshness freshness,
               const Observed& observed, Units units);

} // namespace provisor
