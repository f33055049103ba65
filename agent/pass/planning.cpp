// SPDX-License-Identifier: Apache-2.0
#include "pass/planning.hpp"

#include "model/found_version.hpp"
#include "pass/rollback.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

std::string in_words(const Doubt& doubt, const Work& work) {
    return fmt::format(
        "{} {}",
        named_content(label_of(work.component, work.record, work.wanted), work.wanted.artifact),
        doubt.reason);
}

/// What is there because the manifest says update: if-missing counts as what is wanted, unless it
/// is not trusted.
void refuse_as_is(Work& work, const Doubt& doubt, const std::string& what) {
    const bool by_key = doubt.kind == Doubt::Kind::key;
    if (!by_key && work.plan.due == Due::nothing)
        return;
    const ErrorKind kind = by_key                           ? ErrorKind::signature
                           : doubt.kind == Doubt::Kind::pin ? ErrorKind::digest
                                                            : ErrorKind::config;
    work.outcome.told = by_key; // as what is not trusted any more
    const std::string about = in_words(doubt, work);
    fail(work, Error(kind, work.plan.due == Due::nothing ? about : what + ": " + about));
}

/// Takes back what the plan does with content that was not verified in this pass and is not trusted
/// any more: to put it in place again, and to start units with it.
void refuse_untrusted(Work& work) {
    const std::optional<Doubt> doubt =
        work.doubt ? work.doubt
                   : find_pin_doubt(work.wanted, *work.component, work.record.quarantine);
    if (!doubt)
        return;
    const std::string what = work.plan.place.empty()
                                 ? "its units are not activated with what is installed"
                                 : work.plan.reason + ", and is not put back";
    if (work.as_is)
        refuse_as_is(work, *doubt, what);
    else if (!work.plan.place.empty() || work.plan.due != Due::nothing)
        work.refusal +=
            fmt::format("{}{}: {}", work.refusal.empty() ? "" : "; ", what, in_words(*doubt, work));
    else
        return;
    work.plan = {};
}

} // namespace

void make_plan(Work& work, Units units) {
    Observed seen = work.observed;
    if (work.as_is)
        for (const InstalledFile& file : work.wanted.files)
            seen.actual[file.path] = file;
    const Freshness freshness = work.artifact ? work.artifact->freshness : Freshness::cached;
    work.plan = make_plan(*work.component, work.wanted, freshness, seen, units);
    work.outcome.decision = work.plan.decision;
    work.outcome.reason = work.as_is && work.plan.decision == Decision::unchanged
                              ? "it is there, and the manifest says update: if-missing"
                              : work.plan.reason;
    work.outcome.sha256 = work.wanted.artifact;
    work.outcome.signed_by = work.wanted.signed_by;
    if (!work.detour.empty())
        work.outcome.reason += fmt::format(" (from a mirror: {})", work.detour);
    if (!work.kept_back.empty() || work.as_is)
        refuse_untrusted(work);
    if (!work.kept_back.empty() && !work.done && !work.plan.write_marker &&
        work.plan.place.empty()) {
        // Not done: what is installed may still have to be activated.
        work.outcome.decision = Decision::hold;
        work.outcome.reason = work.kept_back;
        if (!work.refusal.empty())
            work.outcome.reason += "; " + work.refusal;
    }
}

bool is_change(const Work& work) {
    return work.plan.write_marker &&
           (work.plan.decision == Decision::install || work.plan.decision == Decision::update);
}

void want_installed(Work& work, const std::string& reason, const Paths& paths,
                    const Interrupt& interrupt) {
    work.kept_back = reason;
    work.wanted = *work.observed.installed;
    work.wanted.retired.clear();
    work.version = label_of(work.component, work.record, work.wanted);
    work.observed = observe_with(work, work.wanted, paths, interrupt);
}

void make_do_with_installed(Work& work, const Paths& paths, const Interrupt& interrupt) {
    if (!work.done || !work.observed.installed || work.outcome.decision == Decision::unchanged)
        return;
    work.unreached = work.outcome.error;
    work.outcome.error.reset();
    work.done = false;
    attempt(work, [&] { want_installed(work, work.outcome.reason, paths, interrupt); });
}

void tell_unreached(Work& work) {
    if (!work.unreached)
        return;
    if (!work.refusal.empty())
        work.unreached =
            work.unreached->retold(fmt::format("{}; {}", work.unreached->what(), work.refusal));
    const char* why = work.unreached->what();
    Outcome& outcome = work.outcome;
    if (outcome.error) {
        outcome.error = outcome.error->retold(
            fmt::format("{}; its origin failed, too: {}", outcome.error->what(), why));
        outcome.reason = outcome.error->what();
        return;
    }
    outcome.error = work.unreached;
    if (outcome.decision == Decision::hold)
        fail(work, *work.unreached);
    else
        outcome.reason += fmt::format(" (and its origin failed: {})", why);
}

void keep_back(Work& work, const std::string& reason, Units units, const Paths& paths,
               const Interrupt& interrupt) {
    if (work.removed || !work.observed.installed) {
        work.removed = false;
        work.plan = {};
        hold(work, reason);
        return;
    }
    want_installed(work, reason, paths, interrupt);
    make_plan(work, units);
}

} // namespace provisor
