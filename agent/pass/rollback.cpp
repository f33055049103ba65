// SPDX-License-Identifier: Apache-2.0
#include "pass/rollback.hpp"

#include "base/error.hpp"
#include "model/report.hpp"
#include "model/shown_url.hpp"
#include "pass/history.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {

bool asks_for_rollback(const Work& work) {
    return work.unhealthy && work.outcome.error &&
           work.component->rollback == Rollback::automatic &&
           work.outcome.decision == Decision::fail && work.plan.decision != Decision::rollback &&
           (work.plan.due == Due::change || work.plan.due == Due::first_install || work.on_trial);
}

void turn_back(Work& work, const Generation& target, const std::string& reason, Observed observed,
               Units units) {
    const Marker& there = *observed.installed;
    work.outcome.previous_sha256 = there.artifact;
    work.outcome.previous_version = work.version;
    work.observed = std::move(observed);
    work.wanted = target.marker;
    work.version = target.version;
    work.plan = make_plan(*work.component, work.wanted, Freshness::cached, work.observed, units);
    work.plan.decision = Decision::rollback;
    work.plan.reason = reason;
    if (!target.marker.found.empty())
        work.plan.reason += "; what was there before provisor is back";
    work.done = false;
    work.remembered = false;
    work.unhealthy = false;
    work.on_trial = false;
    work.outcome.error.reset();
    work.outcome.decision = Decision::rollback;
    work.outcome.reason = work.plan.reason;
    work.outcome.version = target.version;
    work.outcome.sha256 = target.marker.artifact;
    work.outcome.signed_by = target.marker.signed_by;
    work.outcome.url = shown_url(target.url);
}

void quarantine(Work& work, const Generation& target, const std::string& reason,
                const std::string& pass_id, ComponentStore& store) {
    Record& record = work.record;
    if (work.plan.write_marker)
        remember_change(work, pass_id);
    record.quarantine = {identity_of(work.wanted),
                         how_judged(*work.component),
                         work.wanted.artifact,
                         work.version,
                         reason,
                         wall_clock(),
                         work.wanted.sha512};
    // What was not healthy does not make what was before it a downgrade.
    if (record.highest_version.empty() || record.highest_version == work.version ||
        record.highest_version == work.component->version)
        record.highest_version = target.version;
    record.latest_signature = std::min(record.latest_signature, target.marker.signed_at);
    store.write_record(work.component->name, record);
}

Observed observe_with(Work& work, const Marker& other, const Paths& paths,
                      const Interrupt& interrupt) {
    const std::string& name = work.component->name;
    FoundFiles found =
        observe_files(other.files, paths, work.record, Rehash::when_touched, interrupt);
    work.hashed = std::move(found.hashed);
    return {work.owners->installed(name), work.owners->activated(name), std::move(found.files)};
}

namespace {

/// What an operator wants to go back to, see aim_back().
Generation find_target(const Work& work, const std::string& to, const Generations& generations,
                       Trust& trust) {
    const std::string& name = work.component->name;
    const Distrust distrust = trust.distrust(*work.component, Trust::Pin::binding);
    std::string why = "no other installation of it was found healthy";
    if (to.empty()) {
        WayBack way =
            find_way_back(generations, *work.observed.installed, work.record.quarantine, distrust);
        if (way.target)
            return std::move(*way.target);
        if (!way.refusal.empty())
            why = way.refusal;
    } else if (auto target = find_generation(generations, to)) {
        why = distrust(target->marker);
        if (why.empty())
            return std::move(*target);
        why = fmt::format("{} {}", named_content(target->version, target->marker.artifact), why);
    } else
        why = fmt::format("no installation with version or digest '{}' was found healthy", to);
    throw Error(ErrorKind::config,
                fmt::format("there is nothing to go back to: {}; `provisor show {}` lists what "
                            "there is",
                            why, name));
}

} // namespace

void aim_back(Work& work, const std::string& to, const Paths& paths, ComponentStore& store,
              Trust& trust, Units units, const Interrupt& interrupt) {
    const std::string& name = work.component->name;
    if (!work.observed.installed || work.observed.installed->files.empty())
        throw Error(ErrorKind::config, fmt::format("nothing is installed of '{}'", name));
    const Marker installed = *work.observed.installed;
    const Generation target = find_target(work, to, work.owners->generations(name), trust);
    if (target.marker.same_installation(installed))
        throw Error(ErrorKind::config,
                    fmt::format("{} is what is installed",
                                named_content(target.version, installed.artifact)));
    work.wanted = installed;
    if (const HistoryEntry* entry = work.record.last_with(installed.artifact))
        work.version = entry->version;
    const std::string reason = fmt::format("an operator went back from {}",
                                           named_content(work.version, installed.artifact));
    const std::optional<Quarantine> before = work.record.quarantine;
    if (before) {
        work.record.latest_signature =
            std::min(work.record.latest_signature, target.marker.signed_at);
        work.record_changed = true;
    } else
        quarantine(work, target, reason, "", store);
    turn_back(work, target, reason, observe_with(work, target.marker, paths, interrupt), units);
}

} // namespace provisor
