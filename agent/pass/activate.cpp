// SPDX-License-Identifier: Apache-2.0
#include "pass/activate.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace provisor {
namespace {

/// systemd bounds jobs by the unit's own start and stop timeouts (90 s each by default); this only
/// keeps a unit that has switched them off from holding up a pass for ever.
constexpr Duration job_patience = std::chrono::minutes(10);

UnitVerb verb_of(OnChange action) {
    switch (action) {
    case OnChange::start:
        return UnitVerb::start;
    case OnChange::reload:
        return UnitVerb::reload;
    case OnChange::reload_or_restart:
        return UnitVerb::reload_or_restart;
    case OnChange::restart:
    case OnChange::none:
        break;
    }
    return UnitVerb::restart;
}

bool is_due(const Work& work) { return !work.done && work.plan.due != Due::nothing; }

/// Steps from a component to the farthest one that it comes after.
std::map<std::string, std::size_t> levels_of(const std::vector<Work*>& works) {
    std::map<std::string, std::size_t> levels;
    // Works stand in an order in which what is waited for comes first.
    for (const Work* work : works) {
        std::size_t level = 0;
        for (const std::string& name : work->component->after)
            if (const auto found = levels.find(name); found != levels.end())
                level = std::max(level, found->second + 1);
        levels[work->component->name] = level;
    }
    return levels;
}

bool unit_files_changed(const Work& work, const Paths& paths) {
    const std::string folder = paths.unit_dir + "/";
    for (const InstalledFile& file : work.wanted.files) {
        if (!file.path.starts_with(folder))
            continue;
        const bool placed = std::find(work.plan.place.begin(), work.plan.place.end(), file.path) !=
                            work.plan.place.end();
        const InstalledFile* before =
            work.observed.activated ? work.observed.activated->find(file.path) : nullptr;
        if (placed || before == nullptr || before->sha256 != file.sha256)
            return true;
    }
    return std::any_of(work.wanted.retired.begin(), work.wanted.retired.end(),
                       [&](const InstalledFile& file) { return file.path.starts_with(folder); });
}

bool files_under_units(const Work& work, const Paths& paths) {
    return !work.done && work.plan.decision != Decision::unchanged &&
           unit_files_changed(work, paths);
}

/// Reads unit files again and enables what wants to be enabled. Trouble is that of the components
/// concerned.
void prepare(const std::vector<Work*>& works, const Paths& paths, UnitManager& units) {
    std::vector<Work*> changed;
    for (Work* work : works)
        if (files_under_units(*work, paths))
            changed.push_back(work);
    if (!changed.empty()) {
        try {
            units.daemon_reload();
        } catch (const Error& error) {
            fail_all(changed, error);
        }
    }
    for (Work* work : works)
        attempt(*work, [&] {
            std::vector<std::string> names;
            for (const UnitSpec& unit : work->component->units)
                if (unit.enable && is_due(*work))
                    names.push_back(unit.name);
            if (!names.empty())
                units.enable(names);
        });
}

/// Whether a crash may have cut off a job on this unit.
bool was_acted_on(const Work& work, const std::string& unit) {
    const auto& activated = work.observed.activated;
    return activated && activated->in_doubt &&
           std::find(activated->acted_on.begin(), activated->acted_on.end(), unit) !=
               activated->acted_on.end();
}

std::vector<UnitWork> collect(const std::vector<Work*>& works, UnitManager& units) {
    const auto levels = levels_of(works);
    std::vector<UnitWork> found;
    for (Work* work : works) {
        if (!is_due(*work))
            continue;
        attempt(*work, [&] {
            for (const UnitSpec& spec : work->component->units) {
                auto unit = std::find_if(found.begin(), found.end(),
                                         [&](const auto& u) { return u.name == spec.name; });
                if (unit == found.end()) {
                    unit = found.insert(found.end(), UnitWork{});
                    unit->name = spec.name;
                }
                unit->sharers.push_back(work);
                unit->level = std::max(unit->level, levels.at(work->component->name));
                unit->settle = std::max(unit->settle, work->component->health.settle);
                OnChange action =
                    action_for(spec, work->plan.due, facts_of(units.state(spec.name)));
                // It does not run because a job on it was cut off, and nobody wanted it stopped.
                if (action == OnChange::none && work->plan.due == Due::change &&
                    was_acted_on(*work, spec.name))
                    action = OnChange::restart;
                unit->action = stronger(unit->action, action);
            }
        });
    }
    return found;
}

void tell_unit(UnitWork& unit, const std::string& action, const std::string& result,
               const std::string& message) {
    for (Work* work : unit.sharers)
        work->outcome.units.push_back(
            {unit.name, action, result, message, work->version, work->wanted.artifact});
}

void run_jobs(std::vector<UnitWork*>& batch, const Surroundings& around) {
    std::vector<UnitJob> jobs;
    for (UnitWork* unit : batch) {
        // A unit held by its start limit would fail in a millisecond, with the state of its last
        // life.
        try {
            around.units.reset_failed(unit->name);
        } catch (const Error&) {
            // Not loaded: the job that follows says so better.
        }
        jobs.push_back({unit->name, verb_of(unit->action)});
    }
    const std::vector<UnitJobResult> results =
        around.units.run(jobs, job_patience, around.interrupt);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        UnitWork& unit = *batch[i];
        const std::string verb(to_string(jobs[i].verb));
        tell_unit(unit, verb, results[i].result, results[i].message);
        if (!results[i].done()) {
            std::string message = fmt::format("{} {}: {}", verb, unit.name, results[i].result);
            if (!results[i].message.empty())
                message += fmt::format(" ({})", results[i].message);
            unit.trouble = message;
            // Of all ways for a job to end without success this one is the unit's own doing.
            if (around.units.is_going_down())
                throw Interrupted();
            if (results[i].result == "failed")
                for (Work* work : unit.sharers)
                    work->unhealthy = true;
            fail_all(unit.sharers,
                     Error(ErrorKind::unit,
                           message + fmt::format("; see `journalctl -u {}`", unit.name)));
            continue;
        }
        unit.before = facts_of(around.units.state(unit.name));
        unit.watched = true;
    }
}

unsigned run_all_jobs(std::vector<UnitWork>& units, const Surroundings& around) {
    std::map<std::size_t, std::vector<UnitWork*>> batches;
    unsigned jobs = 0;
    for (UnitWork& unit : units) {
        // A component that failed in the meantime takes its own wish back, not that of those who
        // share the unit.
        if (std::all_of(unit.sharers.begin(), unit.sharers.end(),
                        [](const Work* work) { return work->done; }))
            unit.action = OnChange::none;
        else if (unit.action == OnChange::none)
            tell_unit(unit, "none", "skipped", "not running or not to be acted on; left as it is");
        else
            batches[unit.level].push_back(&unit);
    }
    for (auto& [level, batch] : batches) {
        around.progress.set_stage(fmt::format("acting on {}{}", batch.front()->name,
                                              batch.size() > 1 ? " and others" : ""));
        try {
            run_jobs(batch, around);
        } catch (const Error& error) {
            for (UnitWork* unit : batch)
                if (unit->trouble.empty()) {
                    unit->trouble = error.what();
                    fail_all(unit->sharers, error);
                }
        }
        jobs += static_cast<unsigned>(batch.size());
    }
    return jobs;
}

/// From the first job on until `.activated` is written nobody knows what the units run. Without
/// this mark a crash in that time, followed by a manifest that goes back to the content before,
/// would leave units on content that is gone.
void put_in_doubt(const Work& work, const std::vector<UnitWork>& units, ComponentStore& store) {
    if (!work.observed.activated || work.plan.due == Due::repair)
        return;
    Marker doubtful = *work.observed.activated;
    doubtful.in_doubt = true;
    for (const UnitWork& unit : units)
        if (unit.action != OnChange::none && is_sharer(work, unit) &&
            !was_acted_on(work, unit.name))
            doubtful.acted_on.push_back(unit.name);
    if (!work.observed.activated->in_doubt ||
        doubtful.acted_on != work.observed.activated->acted_on)
        store.write_activated(doubtful);
}

} // namespace

Activation activate(const std::vector<Work*>& works, const Paths& paths, ComponentStore& store,
                    const Surroundings& around) {
    prepare(works, paths, around.units);
    Activation activation{collect(works, around.units)};
    for (Work* work : works)
        if (is_due(*work))
            attempt(*work, [&] { put_in_doubt(*work, activation.units, store); });
    activation.jobs = run_all_jobs(activation.units, around);
    for (Work* work : works)
        if (is_due(*work))
            attempt(*work, [&] {
                if (!work->observed.activated_with(work->wanted))
                    store.write_activated(work->wanted);
                work->observed.activated = work->wanted;
            });
    return activation;
}

void enable_only(const std::vector<Work*>& works, const Surroundings& around) {
    for (Work* work : works)
        attempt(*work, [&] {
            if (!work->plan.write_marker)
                return;
            std::vector<std::string> names;
            for (const UnitSpec& unit : work->component->units)
                if (unit.enable)
                    names.push_back(unit.name);
            if (!names.empty())
                around.units.enable(names);
        });
}

} // namespace provisor
