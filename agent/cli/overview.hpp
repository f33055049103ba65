// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "install/observe.hpp"
#include "model/marker.hpp"
#include "model/record.hpp"
#include "pass/troubles.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace provisor {

/// All that is known of one component without asking an origin; what `status` and `show` print.
struct Overview {
    std::string name;
    const Component* component = nullptr; ///< null: no manifest that could be read names it
    bool orphaned = false; ///< it is installed, all manifests could be read, and none names it
    std::string state;     ///< not-installed, installing, installed, held, error
    std::optional<Marker> installed;
    std::optional<Marker> activated;
    Record record;
    Generations generations;
    std::optional<std::string> hold; ///< an operator's, with its reason
    std::optional<Trouble> trouble;
    std::vector<std::pair<std::string, std::string>>
        units;           ///< name, "active (running)" or why that is not known
    std::string problem; ///< why its records cannot be read; empty when they can

    const HistoryEntry*
    installation() const; ///< when what is installed was put in place; null when not known
    std::string version() const;
    std::string last_decision() const;
};

/// The components of the manifests and those that are installed without one, sorted by name; only
/// `names` when there are any (Error of kind config for an unknown one). One that is only
/// remembered (it was removed) is among them when it is named.
std::vector<Overview> gather_overviews(const Context& context, const Settings& settings,
                                       const std::vector<std::string>& names);

} // namespace provisor
