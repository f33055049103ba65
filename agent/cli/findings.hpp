// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "model/paths.hpp"
#include "pass/settings.hpp"
#include "units/unit_manager.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

enum class Severity { warning, error };

/// Something on this machine that stands in the way of a pass, or may.
struct Finding {
    Severity severity = Severity::error; ///< error: a pass would fail of it
    std::string what;
    std::string where;  ///< file, folder, unit or component
    std::string remedy; ///< what to type or write
    bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

// What `provisor doctor` looks at. Each returns what it found, and none when all is well.

/// Components that a pass would refuse, and what manifests warn of (http:// without a pin).
Findings look_at_components(const Settings& settings);
/// Files in the directories of the configuration that nothing reads.
Findings look_at_unread(const Paths& paths);
/// Targets that belong to deb or rpm packages, where a pass would refuse to replace them.
Findings look_at_packages(const Settings& settings, const Paths& paths);
/// provisor-fetch and provisor-unpack, by their paths.
Findings look_at_programs(const std::vector<std::string>& programs);
/// Programs of check, version_from and health.command that are missing or cannot be run.
Findings look_at_commands(const Settings& settings);
/// A clock that is behind `earliest`, a time that has certainly been.
Findings look_at_clock(WallTime now, WallTime earliest);
/// The state directory's owner and mode.
Findings look_at_state(const Paths& paths);
/// Room, writability and mount options where components are to be installed and where the state is.
Findings look_at_places(const Settings& settings, const Paths& paths);
/// Keys that are not used, signatures that none could be checked with, and manifests that name keys
/// which are not there, or none where there are several.
Findings look_at_keys(const Settings& settings, const Paths& paths);
/// Installed content that is not trusted any more, also what no manifest names.
Findings look_at_trust(const Settings& settings, const Paths& paths);
/// Credentials that components name and that are not to be had here.
Findings look_at_credentials(const Settings& settings, const Paths& paths);
/// The units of components: missing ones, and unit files of manifests that another file hides.
Findings look_at_units(const Settings& settings, const Paths& paths, UnitManager& units);
/// Targets that the sandbox of the agent's `service`, of which systemd says `agent`, does not let
/// it write, owners that it cannot give them to, and capabilities that it cannot set, with the
/// command that changes that.
Findings look_at_sandbox(const Settings& settings, const Paths& paths, const std::string& service,
                         const UnitState& agent);

} // namespace provisor
