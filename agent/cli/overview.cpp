// SPDX-License-Identifier: Apache-2.0
#include "cli/overview.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "model/found_version.hpp"
#include "pass/last_pass.hpp"
#include "pass/overdue.hpp"
#include "pass/target_owners.hpp"
#include "pass/trust.hpp"
#include "store/component_store.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace provisor {
namespace {

std::string state_of(const Overview& overview) {
    if (!overview.problem.empty() || !overview.untrusted.empty() ||
        (overview.trouble && overview.trouble->decision == Decision::fail))
        return "error";
    if (overview.trouble)
        return "held";
    if (!overview.installed)
        return "not-installed";
    const bool has_units = overview.component != nullptr && !overview.component->units.empty();
    const bool activated =
        overview.activated && overview.activated->same_installation(*overview.installed);
    return has_units && !activated ? "installing" : "installed";
}

std::string in_words(const UnitState& state) {
    if (state.load_state != "loaded" && !state.load_state.empty())
        return state.load_state;
    return state.active_state.empty() ? "not asked"
                                      : fmt::format("{} ({})", state.active_state, state.sub_state);
}

Overview::Unit look_at_unit(const std::string& name, const Overview& overview, const Paths& paths,
                            UnitManager& units) {
    Overview::Unit unit{name, "not known", {}};
    try {
        const UnitState state = units.state(name);
        unit.state = in_words(state);
        if (overview.installed)
            unit.old = find_old_processes(overview.installed->files, state.main_pid, paths);
    } catch (const Error&) {
        // Not reachable: nothing is known of it.
    }
    return unit;
}

/// The units of its manifest; without one, those whose files it has put in place.
std::vector<std::string> units_of(const Overview& overview, const Paths& paths) {
    std::vector<std::string> names;
    if (overview.component != nullptr)
        for (const UnitSpec& unit : overview.component->units)
            names.push_back(unit.name);
    else if (overview.installed)
        for (const InstalledFile& file : overview.installed->files)
            if (const std::filesystem::path path(file.path); path.parent_path() == paths.unit_dir)
                names.push_back(path.filename());
    return names;
}

Overview look_at(const std::string& name, const Component* component, const ComponentStore& store) {
    Overview overview;
    overview.name = name;
    overview.component = component;
    try {
        overview.installed = store.installed(name);
        overview.activated = store.activated(name);
        overview.record = store.record(name);
        overview.generations = store.generations(name);
        overview.hold = store.hold(name);
    } catch (const Error& error) {
        overview.problem = error.what();
    }
    return overview;
}

/// Says why what is installed is not trusted any more. The keys are read for the first that is
/// signed.
void note_untrusted(Overview& overview, const Paths& paths, std::optional<KeysInForce>& keys) {
    if (!overview.installed || overview.installed->signed_by.empty())
        return;
    if (!keys)
        keys = keys_in_force(read_keys(paths));
    if (const auto doubt =
            find_doubt(*overview.installed, overview.component, Require::none, *keys))
        overview.untrusted =
            fmt::format("{} {}", named_content(overview.version(), overview.installed->artifact),
                        doubt->reason);
}

/// Who owns the files of orphans. Markers are read again, so only where there is an orphan.
void find_heirs(std::vector<Overview>& overviews, const Settings& settings,
                const Context& context) {
    if (std::none_of(overviews.begin(), overviews.end(),
                     [](const Overview& overview) { return overview.orphaned; }))
        return;
    ComponentStore store(context.paths.state_dir);
    const TargetOwners owners(settings, store, context.paths, context.interrupt);
    for (Overview& overview : overviews) {
        if (!overview.orphaned)
            continue;
        std::set<std::string> heirs;
        bool all = true;
        for (const InstalledFile& file : overview.installed->files) {
            const Owner* owner = owners.other_owner(overview.name, file.path);
            all = all && owner != nullptr;
            if (owner != nullptr)
                heirs.insert(owner->component);
        }
        if (all)
            overview.heirs.assign(heirs.begin(), heirs.end());
    }
}

/// `last_pass`: over all components.
void look_at_last_check(Overview& overview, Duration max_age, std::optional<WallTime> last_pass) {
    if (overview.component == nullptr || overview.component->state == WantedState::absent)
        return;
    const auto& trouble = overview.trouble;
    const bool unchecked = trouble && trouble->unchecked;
    if (unchecked)
        overview.last_check = trouble->last_check;
    else if (overview.installed || trouble)
        overview.last_check = last_pass;
    std::optional<WallTime> since = overview.last_check;
    if (unchecked && !since)
        since = trouble->since;
    if (since && is_overdue(*since, max_age, wall_clock()))
        overview.overdue = describe_overdue(*since, max_age);
}

} // namespace

const HistoryEntry* Overview::installation() const {
    return installed ? record.last_with(installed->artifact) : nullptr;
}

std::string Overview::version() const {
    return installed ? label_of(component, record, *installed) : "";
}

std::string Overview::last_decision(std::size_t longest_reason) const {
    const std::string decision = decision_in_words(longest_reason);
    if (untrusted.empty())
        return decision;
    const std::string what = printable(untrusted, longest_reason);
    return decision.empty() ? what : fmt::format("{}; {}", what, decision);
}

std::string Overview::decision_in_words(std::size_t longest_reason) const {
    const auto in_words = [&](Decision decision, const std::string& reason) {
        return fmt::format("{}: {}", to_string(decision), printable(reason, longest_reason));
    };
    if (trouble && trouble->decision == Decision::fail && trouble->next_try)
        return fmt::format("{}; next try at {}", in_words(trouble->decision, trouble->reason),
                           format_rfc3339(*trouble->next_try));
    if (trouble)
        return in_words(trouble->decision, trouble->reason);
    if (!problem.empty())
        return problem;
    if (!heirs.empty()) {
        std::string names;
        for (const std::string& heir : heirs)
            names += (names.empty() ? "'" : ", '") + heir + "'";
        return fmt::format("renamed: its files belong to {} now; nothing to do", names);
    }
    if (orphaned)
        return fmt::format("orphaned: no manifest names it, and its files stay; `provisor remove "
                           "{}` takes them away, as does a manifest with `state: absent`",
                           name);
    if (component == nullptr && installed)
        return "not looked after: its manifest may be one of those with errors; its files stay";
    if (record.history.empty())
        return installed ? "" : "none yet";
    const HistoryEntry& last = record.history.back();
    return in_words(last.decision, last.reason);
}

std::vector<Overview> gather_overviews(const Context& context, const Settings& settings,
                                       const std::vector<std::string>& names) {
    const ComponentStore store(context.paths.state_dir);
    std::map<std::string, const Component*> known;
    for (const std::string& name : store.list())
        if (store.has_marker(name))
            known[name] = nullptr;
    for (const Component& component : settings.components)
        known[component.name] = &component;
    for (const std::string& name : names) {
        if (!known.contains(name) && !store.record(name).history.empty())
            known[name] = nullptr;
        if (!known.contains(name))
            throw Error(
                ErrorKind::config,
                fmt::format("there is no component '{}', neither in the manifests nor installed",
                            name));
    }
    const std::map<std::string, Trouble> troubles = read_troubles(context.paths);
    const std::optional<WallTime> last_pass = last_full_pass(context.paths);
    const std::unique_ptr<UnitManager> units = make_unit_manager(context);
    std::optional<KeysInForce> keys;
    std::vector<Overview> overviews;
    for (const auto& [name, component] : known) {
        if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end())
            continue;
        Overview overview = look_at(name, component, store);
        overview.orphaned =
            component == nullptr && overview.installed && settings.failed_files.empty();
        // What troubled it while it had a manifest is over.
        if (const auto trouble = troubles.find(name);
            trouble != troubles.end() && component != nullptr)
            overview.trouble = trouble->second;
        look_at_last_check(overview, settings.config.max_age, last_pass);
        note_untrusted(overview, context.paths, keys);
        if (overview.hold)
            overview.trouble =
                Trouble{Decision::hold,
                        fmt::format("operator: {}",
                                    overview.hold->empty() ? "`provisor hold`" : *overview.hold),
                        "",
                        {}};
        if (component != nullptr && component->state == WantedState::held && !overview.trouble)
            overview.trouble =
                Trouble{Decision::hold, "operator: the manifest says state: held", "", {}};
        overview.state = state_of(overview);
        for (const std::string& unit : units_of(overview, context.paths))
            overview.units.push_back(look_at_unit(unit, overview, context.paths, *units));
        overviews.push_back(std::move(overview));
    }
    find_heirs(overviews, settings, context);
    return overviews;
}

std::string ago(WallTime when, WallTime now) {
    const auto span = std::chrono::floor<std::chrono::seconds>(now - when);
    if (span.count() < 0)
        return format_rfc3339(when);
    if (span < std::chrono::seconds(2))
        return "just now";
    return format_time_span(span) + " ago";
}

std::string describe_checks(const std::vector<Overview>& overviews, WallTime now) {
    std::optional<WallTime> checked;
    std::vector<std::string> unchecked;
    for (const Overview& overview : overviews)
        if (overview.trouble && overview.trouble->unchecked)
            unchecked.push_back(fmt::format("{} ({})", overview.name,
                                            overview.last_check ? ago(*overview.last_check, now)
                                                                : "not known when"));
        else if (overview.last_check)
            checked = overview.last_check;
    if (!checked)
        return "";
    std::string but;
    for (std::size_t i = 0; i < unchecked.size(); ++i)
        but += (i == 0 ? ", but for " : i + 1 == unchecked.size() ? " and " : ", ") + unchecked[i];
    return fmt::format("Checked with their origins {}{}.", ago(*checked, now), but);
}

} // namespace provisor
