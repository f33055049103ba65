// SPDX-License-Identifier: Apache-2.0
#include "pass/remove.hpp"

#include "install/staging.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr Duration stop_patience = std::chrono::minutes(10);

bool is_acted_on_by_others(const std::string& unit, const Component& removed,
                           const std::vector<Component>& components) {
    return std::any_of(components.begin(), components.end(), [&](const Component& other) {
        return other.name != removed.name && other.state != WantedState::absent &&
               std::any_of(other.units.begin(), other.units.end(),
                           [&](const UnitSpec& spec) { return spec.name == unit; });
    });
}

/// The units that end with the component: those that its manifest acts on, and those whose files it
/// had put in place.
std::vector<std::string> ending_units(const Work& work, const std::vector<Component>& components,
                                      const Paths& paths) {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
        if (std::find(names.begin(), names.end(), name) == names.end() &&
            !is_acted_on_by_others(name, *work.component, components))
            names.push_back(name);
    };
    for (const UnitSpec& unit : work.component->units)
        if (unit.file || unit.enable || unit.on_change != OnChange::none)
            add(unit.name);
    for (const InstalledFile& file : work.observed.installed->files)
        if (const std::filesystem::path path(file.path); path.parent_path() == paths.unit_dir)
            add(path.filename());
    return names;
}

/// Stops and disables; a unit that is not there needs neither.
unsigned end_units(Work& work, std::vector<std::string> names, Units act,
                   const Surroundings& around) {
    std::erase_if(names, [&](const std::string& name) {
        return around.units.state(name).load_state == "not-found";
    });
    std::vector<UnitJob> jobs;
    if (act == Units::act)
        for (const std::string& name : names)
            jobs.push_back({name, UnitVerb::stop});
    const std::vector<UnitJobResult> results =
        around.units.run(jobs, stop_patience, around.interrupt);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        work.outcome.units.push_back({jobs[i].unit, "stop", results[i].result, results[i].message});
        if (!results[i].done())
            throw Error(ErrorKind::unit, fmt::format("stop {}: {}; nothing was removed",
                                                     jobs[i].unit, results[i].result));
    }
    if (!names.empty())
        around.units.disable(names);
    return static_cast<unsigned>(jobs.size());
}

} // namespace

unsigned remove_component(Work& work, const std::vector<Component>& components, const Paths& paths,
                          Units units, const Surroundings& around) {
    if (!work.owners->is_complete())
        throw Error(ErrorKind::config,
                    "nothing was removed: a manifest or marker that cannot be read may name its "
                    "files; correct that first (`provisor check`)");
    const unsigned jobs = end_units(work, ending_units(work, components, paths), units, around);
    const Marker installed = *work.owners->recorded(work.component->name);
    const std::vector<std::string> removed = work.owners->remove(work.component->name);
    const auto is_unit_file = [&](const std::string& path) {
        return std::filesystem::path(path).parent_path() == paths.unit_dir;
    };
    if (units == Units::act && std::any_of(removed.begin(), removed.end(), is_unit_file))
        around.units.daemon_reload();
    for (const InstalledFile& file : installed.files)
        if (const Owner* other = work.owners->other_owner(work.component->name, file.path))
            work.outcome.reason +=
                fmt::format("; {} stays, since it belongs to '{}'", file.path, other->component);
        else if (installed.is_found(file.path))
            work.outcome.reason +=
                fmt::format("; {} stays, since it was there before provisor", file.path);
        else if (target_exists(file.path, paths))
            work.outcome.reason += fmt::format("; {} stays, since somebody changed it", file.path);
    work.record.hashed.clear();
    work.hashed.clear();
    work.record.healthy.clear();
    work.record.quarantine.reset();
    work.record.flip_flop.reset();
    return jobs;
}

} // namespace provisor
