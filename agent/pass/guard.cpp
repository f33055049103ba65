// SPDX-License-Identifier: Apache-2.0
#include "pass/guard.hpp"

#include "model/flip_flop.hpp"
#include "model/found_version.hpp"
#include "model/version_order.hpp"
#include "pass/planning.hpp"
#include "pass/rollback.hpp"

#include <fmt/format.h>

namespace provisor {

Guarded Guard::apply(Work& work, Units units) const {
    Record& record = work.record;
    if (is_quarantined(record.quarantine, *work.component, work.wanted))
        return apply_quarantine(work, units);
    if (record.quarantine) {
        record.quarantine.reset();
        work.record_changed = true;
    }
    const std::optional<Marker>& installed = work.observed.installed;
    if (const auto reason = examined_reason(work)) {
        if (!installed) {
            provisor::hold(work, *reason);
            return Guarded::settled;
        }
        want_installed(work, *reason, paths_, interrupt_);
        return Guarded::no;
    }
    if (!installed)
        return Guarded::no;
    const auto hold = flip_flop(record.history, installed->artifact,
                                {work.wanted.artifact, work.version, work.outcome.url},
                                record.flip_flop, config_.flip_flop, wall_clock());
    if (!hold)
        return Guarded::no;
    // Passes for the content that is there lie between those for the other one: whether the hold
    // was told is not a matter of what the last pass said.
    work.outcome.told = record.flip_flop == hold;
    work.record_changed |= record.flip_flop != hold;
    record.flip_flop = hold;
    want_installed(work, hold->reason, paths_, interrupt_);
    return Guarded::no;
}

/// Why what is wanted is not put in place, by what an earlier pass has learnt of it.
std::optional<std::string> Guard::examined_reason(Work& work) const {
    const Component& component = *work.component;
    if (work.as_is ||
        (work.observed.installed && work.observed.installed->same_installation(work.wanted)))
        return std::nullopt;
    const auto& failed = work.record.failed_check;
    if (force_ == Force::no && failed && failed->installation == identity_of(work.wanted) &&
        is_waiting(failed->backoff, component, config_.retry, wall_clock())) {
        if (failed->backoff.until != WallTime::max())
            work.outcome.next_try = failed->backoff.until;
        return fmt::format("backoff: the check of {} failed, {}: {}",
                           named_content(work.version, work.wanted.artifact),
                           in_words(failed->backoff), failed->reason);
    }
    return component.version_from && component.version.empty()
               ? found_downgrade_reason(component, work.version, work.record.highest_version)
               : std::nullopt;
}

Guarded Guard::apply_quarantine(Work& work, Units units) const {
    const std::optional<Marker>& installed = work.observed.installed;
    const std::string& why = work.record.quarantine->reason;
    const std::string reason =
        fmt::format("quarantined: {}; this ends with other content, or `provisor release {}`", why,
                    work.component->name);
    if (!installed) {
        hold(work, reason);
        return Guarded::settled;
    }
    if (!installed->same_installation(work.wanted)) {
        want_installed(work, reason, paths_, interrupt_);
        return Guarded::no;
    }
    if (resume_rollback(work, units) == Guarded::settled)
        return Guarded::settled;
    if (!work.refusal.empty())
        want_installed(work, reason, paths_, interrupt_);
    return Guarded::no;
}

Guarded Guard::resume_rollback(Work& work, Units units) const {
    const auto& quarantine = work.record.quarantine;
    const Marker& installed = *work.observed.installed;
    if (units == Units::leave || !is_quarantined(quarantine, *work.component, installed))
        return Guarded::no;
    const WayBack way =
        find_way_back(work.owners->generations(work.component->name), installed, quarantine,
                      trust_.distrust(*work.component, Trust::Pin::lifted));
    if (!way.target) {
        work.refusal = way.refusal;
        return Guarded::no;
    }
    work.cause = Error(ErrorKind::health, quarantine->reason);
    turn_back(work, *way.target, quarantine->reason,
              observe_with(work, way.target->marker, paths_, interrupt_), units);
    return Guarded::settled;
}

} // namespace provisor
