// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "install/observe.hpp"
#include "install/old_processes.hpp"
#include "model/marker.hpp"
#include "model/record.hpp"
#include "pass/troubles.hpp"

#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// All that is known of one component without asking an origin; what `status` and `show` print.
struct Overview {
    std::string name;
    const Component* component = nullptr; ///< null: no manifest that could be read names it
    bool orphaned = false; ///< it is installed, all manifests could be read, and none names it
    /// Of one that is orphaned: the components that own all of its files now; it was renamed.
    std::vector<std::string> heirs;
    std::string state; ///< not-installed, installing, installed, held, error
    std::optional<Marker> installed;
    std::optional<Marker> activated;
    Record record;
    Generations generations;
    std::optional<std::string> hold; ///< an operator's, with its reason
    std::optional<Trouble> trouble;
    struct Unit {
        std::string name;
        std::string state;           ///< "active (running)", or why that is not known
        std::vector<OldProcess> old; ///< those of it that run a file which was replaced since
    };
    std::vector<Unit> units;
    std::optional<WallTime> last_check; ///< with its origin, successfully; absent: not known
    std::string overdue;   ///< says that this was longer ago than max_age; empty: it was not
    std::string untrusted; ///< why what is installed is not trusted any more; empty when it is
    std::string problem;   ///< why its records cannot be read; empty when they can

    const HistoryEntry*
    installation() const; ///< when what is installed was put in place; null when not known
    std::string version() const;
    /// Of a reason that is longer no more than so many bytes are told.
    std::string last_decision(std::size_t longest_reason = std::string::npos) const;

private:
    std::string decision_in_words(std::size_t longest_reason) const;
};

/// A unit in the JSON of `status` and `show`; found by nlohmann's library, which no header of ours
/// includes.
template <typename Json>
void to_json(Json& json, const Overview::Unit& unit) {
    json = Json{{"name", unit.name}, {"state", unit.state}, {"old_processes", Json::array()}};
    for (const OldProcess& old : unit.old)
        json["old_processes"].push_back(Json{{"pid", old.pid}, {"path", old.path}});
}

/// The components of the manifests and those that are installed without one, sorted by name; only
/// `names` when there are any (Error of kind config for an unknown one). One that is only
/// remembered (it was removed) is among them when it is named.
std::vector<Overview> gather_overviews(const Context& context, const Settings& settings,
                                       const std::vector<std::string>& names);

/// "3min ago"; a time that is still to come as it is.
std::string ago(WallTime when, WallTime now);

/// A sentence on when the components were last checked with their origins, successfully; empty when
/// that is not known of any.
std::string describe_checks(const std::vector<Overview>& overviews, WallTime now);

} // namespace provisor
