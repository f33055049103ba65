// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "model/paths.hpp"
#include "model/report.hpp"

#include <map>
#include <optional>
#include <string>

namespace provisor {

/// Why a component is not as its manifest wants it, as the last pass over it found.
struct Trouble {
    Decision decision = Decision::fail; ///< fail or hold
    std::string reason;
    std::string kind;                      ///< error kind, empty for a hold
    WallTime since;                        ///< first pass that said so
    std::optional<WallTime> next_try = {}; ///< see Outcome
    bool operator==(const Trouble&) const = default;
};

/// What fails or is held right now, by component: `troubles.json` in the run-time directory, for
/// `status`. It dies with the machine's uptime, as it should: the first pass after boot finds out
/// anew.
std::map<std::string, Trouble> read_troubles(const Paths& paths);

/// Brings that file up to date with a pass; written only when it would say something else.
void update_troubles(const Paths& paths, const PassReport& report);

} // namespace provisor
