// SPDX-License-Identifier: Apache-2.0
#include "pass/history.hpp"

#include "model/trusted_comment.hpp"
#include "model/version_order.hpp"

namespace provisor {

void remember_change(Work& work, const std::string& pass_id) {
    if (work.remembered)
        return;
    Record& record = work.record;
    record.remember({wall_clock(), work.plan.decision, work.version, work.wanted.artifact,
                     work.outcome.url, work.plan.reason, pass_id});
    if (work.plan.decision != Decision::rollback) {
        record.highest_version =
            highest_after(*work.component, record.highest_version, work.version);
        record.latest_signature =
            latest_after(*work.component, record.latest_signature, work.wanted.signed_at);
        record.raw = work.component->format == Format::raw;
    }
    work.remembered = work.record_changed = true;
}

void complete_history(Work& work, const std::string& pass_id) {
    const std::optional<Marker>& installed = work.observed.installed;
    if (!installed || !installed->same_installation(work.wanted) ||
        work.record.last_change() == installed->artifact)
        return;
    // A rollback writes its verdict first: what followed from it is known.
    const auto& quarantine = work.record.quarantine;
    const bool taken_back = quarantine && work.record.last_change() == quarantine->sha256;
    work.plan.decision = taken_back                    ? Decision::rollback
                         : work.record.history.empty() ? Decision::install
                                                       : Decision::update;
    work.plan.reason = taken_back ? quarantine->reason : "found in place after a crash";
    remember_change(work, pass_id);
}

} // namespace provisor
