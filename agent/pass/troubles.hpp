// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/origins_test.cpp
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
    std::string kind;                        ///< error kind, empty for a hold
    WallTime since;                          ///< first pass that said so
    std::optional<WallTime> next_try = {};   ///< see Outcome
    bool unchecked = false;                  ///< its origin was not asked, or not with success
    std::optional<WallTime> last_check = {}; ///< of one that is unchecked: with success; if known
    std::optional<WallTime> warned = {};     ///< that this was so for too long
    std::string untrusted = {};              ///< see Outcome
    bool operator==(const Trouble&) const = default;
};

/// What fails or is held right now, by component: `troubles.json` in the run-time directory, for
/// `status`. It dies with the machine's uptime, as it should: the first pass after boot finds out
/// again.
std::map<std::string, Trouble> read_troubles(const Paths& paths);

/// What troubles the components after a pass. `last_pass` is the time of the last one over all of
/// them, before this one. Pure.
std::map<std::string, Trouble> troubles_after(const std::map<std::string, Trouble>& before,
                                              const PassReport& report,
                                              std::optional<WallTime> last_pass);

/// Writes that file, if it says something else than `before`.
void write_troubles(const Paths& paths, const std::map<std::string, Trouble>& before,
                    const std::map<std::string, Trouble>& now);

} // namespace provisor
