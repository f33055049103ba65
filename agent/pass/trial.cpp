// SPDX-License-Identifier: Apache-2.0
#include "pass/trial.hpp"

#include "pass/health.hpp"
#include "pass/history.hpp"
#include "pass/probing.hpp"
#include "pass/put_in_place.hpp"
#include "pass/rollback.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

/// The update failed, whatever became of the rollback: that is an error, and its kind is that of
/// the update.
void tell_rollback(Work& work) {
    Outcome& outcome = work.outcome;
    if (!outcome.error) {
        outcome.error = work.cause;
        return;
    }
    const std::string text =
        work.unhealthy
            ? fmt::format("{}; what is back is not healthy either, and stays: {}",
                          work.cause->what(), outcome.error->what())
            : fmt::format("{}; and going back to {} failed: {}", work.cause->what(),
                          named_content(work.version, work.wanted.artifact), outcome.error->what());
    outcome.error = outcome.error->retold(text);
    outcome.reason = text;
    outcome.decision = work.unhealthy ? Decision::rollback : Decision::fail;
}

/// It stays in place although it is not healthy, for want of what it could be replaced by.
void tell_refusal(Work& work, const std::string& refusal) {
    if (refusal.empty())
        return;
    Outcome& outcome = work.outcome;
    outcome.error = outcome.error->retold(fmt::format("{}; {}", outcome.error->what(), refusal));
    outcome.reason = outcome.error->what();
}

} // namespace

void Trial::keep_way_back(Work& work) {
    const Marker& installed = *work.observed.installed;
    if (installed.files.empty())
        return;
    if (!work.observed.activated_with(installed) || work.record.healthy == identity_of(installed))
        return;
    // That a unit runs says nothing of what its probes would see, or have seen: it may be here
    // because there was nothing to go back to when they failed.
    if (!probes_of(*work.component).empty())
        return;
    for (const UnitSpec& unit : work.component->units)
        if (unit.on_change != OnChange::none &&
            around_.units.state(unit.name).active_state != "active")
            return;
    const HistoryEntry* entry = work.record.last_with(installed.artifact);
    remember_healthy(work, installed, entry != nullptr ? entry->version : "",
                     entry != nullptr ? entry->url : "");
}

void Trial::remember_healthy(Work& work, const Marker& marker, const std::string& version,
                             const std::string& url) {
    constexpr unsigned current_and_one_before = 2;
    const std::string& name = work.component->name;
    Marker bare = marker;
    bare.retired.clear();
    store_.write_generations(
        name, with_newest(store_.generations(name), {std::move(bare), version, url, wall_clock()},
                          std::max(config_.cache.keep_versions, current_and_one_before)));
    work.record.healthy = identity_of(marker);
    work.record_changed = true;
}

void Trial::begin_trial(Work& work, Activation& activation) {
    const bool activated =
        work.component->units.empty() || work.observed.activated_with(work.wanted);
    work.on_trial = activated && work.record.healthy != identity_of(work.wanted);
    if (work.on_trial && work.plan.due == Due::nothing)
        resume_trial(work, activation.units, around_.units);
    // What an administrator had stopped was not started: it is judged when it runs again.
    if (work.plan.due == Due::change && has_living_units(*work.component) &&
        !is_watched(work, activation.units))
        work.on_trial = false;
}

unsigned Trial::bring_up(const std::vector<Work*>& works, const std::string& pass_id) {
    for (Work* work : works)
        if (work->plan.write_marker && !work->component->units.empty())
            attempt(*work, [&] {
                remember_change(*work, pass_id);
                store_.write_record(work->component->name, work->record);
            });
    Activation activation = activate(works, paths_, store_, around_);
    for (Work* work : works)
        attempt(*work, [&] { begin_trial(*work, activation); });
    watch(activation.units, works, around_);
    for (Work* work : works)
        attempt(*work, [&] {
            if (work->on_trial && !work->wanted.files.empty())
                remember_healthy(*work, work->wanted, work->version, work->outcome.url);
        });
    return activation.jobs;
}

unsigned Trial::roll_back(const std::vector<Work*>& works, const std::string& pass_id) {
    std::vector<Work*> turned;
    for (Work* work : works) {
        if (!asks_for_rollback(*work))
            continue;
        const WayBack way = find_way_back(work->owners->generations(work->component->name),
                                          work->wanted, work->record.quarantine,
                                          trust_.distrust(*work->component, Trust::Pin::lifted));
        if (!way.target) {
            tell_refusal(*work, way.refusal);
            continue;
        }
        const Generation& target = *way.target;
        around_.progress.set_stage(fmt::format("rolling back {}", work->component->name));
        work->cause = work->outcome.error->retold(
            fmt::format("{}: {}", named_content(work->version, work->wanted.artifact),
                        work->outcome.error->what()));
        work->done = false;
        attempt(*work, [&] {
            quarantine(*work, target, work->cause->what(), pass_id, store_);
            turn_back(*work, target, work->cause->what(),
                      observe_with(*work, target.marker, paths_, around_.interrupt), Units::act);
            put_in_place(*work, paths_, cache_, store_, config_.limits.min_free, around_.interrupt);
        });
        turned.push_back(work);
    }
    const unsigned jobs = turned.empty() ? 0 : bring_up(turned, pass_id);
    for (Work* work : works)
        if (work->cause)
            tell_rollback(*work);
    return jobs;
}

} // namespace provisor
