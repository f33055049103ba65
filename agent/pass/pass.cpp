// SPDX-License-Identifier: Apache-2.0
#include "pass/pass.hpp"

#include "base/random.hpp"
#include "install/staging.hpp"
#include "model/found_version.hpp"
#include "model/placeholders.hpp"
#include "model/shown_url.hpp"
#include "model/version_order.hpp"
#include "pass/acquire.hpp"
#include "pass/activate.hpp"
#include "pass/announce.hpp"
#include "pass/examination.hpp"
#include "pass/guard.hpp"
#include "pass/history.hpp"
#include "pass/last_pass.hpp"
#include "pass/obstacle.hpp"
#include "pass/order.hpp"
#include "pass/overdue.hpp"
#include "pass/overwritten.hpp"
#include "pass/packaged.hpp"
#include "pass/planning.hpp"
#include "pass/policy.hpp"
#include "pass/put_in_place.hpp"
#include "pass/remove.hpp"
#include "pass/rollback.hpp"
#include "pass/self_update.hpp"
#include "pass/shared_units.hpp"
#include "pass/sweep.hpp"
#include "pass/trial.hpp"
#include "pass/troubles.hpp"
#include "pass/trust.hpp"
#include "pass/windows.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"
#include "store/component_store.hpp"
#include "store/retention.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace provisor {
namespace {

using Clock = std::chrono::steady_clock;

std::string make_pass_id() {
    return fmt::format("{:016x}{:016x}", random_number(), random_number());
}

std::vector<Work*> pointers_to(std::vector<Work>& works) {
    std::vector<Work*> pointers;
    pointers.reserve(works.size());
    for (Work& work : works)
        pointers.push_back(&work);
    return pointers;
}

Duration since(Clock::time_point begun) {
    return std::chrono::duration_cast<Duration>(Clock::now() - begun);
}

/// The straight line; each stage goes over all components before the next one begins.
class Pass {
public:
    Pass(const Settings& settings, const Paths& paths, const PassOptions& options,
         const Surroundings& around)
        : settings_(settings), paths_(paths), options_(options), around_(around),
          cache_(paths.state_dir), store_(paths.state_dir), trust_(settings.config, paths),
          owners_(settings, store_, paths, around.interrupt),
          guard_(settings.config, paths, trust_,
                 options.force ? Guard::Force::yes : Guard::Force::no, around.interrupt),
          dependencies_(settings.components, store_, paths, around.interrupt),
          examination_(settings.config, paths, cache_, around,
                       leaves_units() ? Units::leave : Units::act),
          trial_(cache_, store_, settings.config, paths, trust_, around), self_update_(around) {
        report_.id = make_pass_id();
        report_.started = wall_clock();
        report_.failed_files = static_cast<unsigned>(settings.failed_files.size());
    }

    PassReport run() {
        select();
        observe();
        if (!options_.dry_run)
            sweep_leftovers(works_, owners_, paths_);
        if (options_.rollback_to)
            aim_back();
        else {
            refuse_packaged(works_, paths_);
            acquire();
            plan();
        }
        if (!options_.dry_run) {
            if (!leaves_units())
                self_update_.set_aside(works_);
            for (const std::vector<Work*>& batch : batches_of(works_)) {
                install(batch);
                act_on_units(batch);
            }
            remove();
            owners_.finish(options_.names);
            record();
            prune();
            self_update_.hand_over();
        } else
            prune();
        return report();
    }

private:
    void select();
    void observe();
    void observe(Work& work);
    void aim_back();
    void remove();
    void acquire();
    void plan();
    void plan(Work& work);
    void install(const std::vector<Work*>& batch);
    void install(Work& work);
    void note_trusted(Work& work);
    void act_on_units(const std::vector<Work*>& batch);
    void record();
    void prune();
    PassReport report();

    bool leaves_units() const { return options_.no_units || !paths_.root.empty(); }
    Units units() const { return leaves_units() ? Units::leave : Units::act; }

    const Settings& settings_;
    const Paths& paths_;
    const PassOptions& options_;
    const Surroundings& around_;
    Cache cache_;
    ComponentStore store_;
    Trust trust_;
    TargetOwners owners_;
    Guard guard_;
    Dependencies dependencies_;
    Examination examination_;
    Trial trial_;
    SelfUpdate self_update_;
    std::vector<Work> works_;
    PassReport report_;
    Clock::time_point begun_ = Clock::now();
};

void Pass::select() {
    for (const std::string& name : options_.names)
        if (std::none_of(settings_.components.begin(), settings_.components.end(),
                         [&](const Component& component) { return component.name == name; }))
            throw Error(ErrorKind::config,
                        fmt::format("there is no component '{}' in the manifests", name));
    for (const Component& component : settings_.components) {
        if (!options_.names.empty() && std::find(options_.names.begin(), options_.names.end(),
                                                 component.name) == options_.names.end())
            continue;
        Work work;
        work.component = &component;
        work.owners = &owners_;
        work.begun = Clock::now();
        work.outcome.name = component.name;
        work.version = work.outcome.version = component.version;
        work.outcome.url = shown_url(component.url);
        for (const UnitSpec& unit : component.units)
            work.outcome.unit_names.push_back(unit.name);
        works_.push_back(std::move(work));
    }
}

void Pass::observe() {
    for (Work& work : works_) {
        around_.interrupt.check();
        attempt(work, [&] { observe(work); });
    }
}

void Pass::observe(Work& work) {
    work.record = store_.record(work.component->name);
    work.observed.installed = owners_.installed(work.component->name);
    work.observed.activated = owners_.activated(work.component->name);
    owners_.narrow(work.component->name, work.record);
    if (const auto& installed = work.observed.installed) {
        work.outcome.sha256 = work.outcome.previous_sha256 = installed->artifact;
        work.outcome.previous_version = label_of(work.component, work.record, *installed);
        work.doubt = trust_.doubt(*installed, *work.component);
    }
    if (options_.rollback_to)
        return;
    if (work.component->state == WantedState::absent) {
        work.done = true;
        work.removed = owners_.has_files(work.component->name);
        work.outcome.decision = work.removed ? Decision::remove : Decision::unchanged;
        work.outcome.reason = work.removed ? "it is not wanted any more"
                              : work.component->place.file.empty()
                                  ? "nothing of it is installed"
                                  : "the manifest says state: absent";
        return;
    }
    enforce_policy(*work.component, settings_.config);
    if (work.component->state == WantedState::held)
        return hold(work, "operator: the manifest says state: held");
    if (const auto reason = owners_.hold(work.component->name))
        return hold(work, fmt::format("operator: {}; `provisor release {}` ends it",
                                      reason->empty() ? "`provisor hold`" : *reason,
                                      work.component->name));
    if (const Refusal* refusal = owners_.refusal(work.component->name)) {
        if (refusal->why == Refusal::Why::on_hold)
            return hold(work, describe(*refusal));
        throw Error(ErrorKind::config, describe(*refusal));
    }
    // Before anybody is asked: whatever the origin has for it, it is not wanted.
    if (const auto reason = downgrade_reason(*work.component, work.record.highest_version))
        return hold(work, *reason);
    const std::vector<InstalledFile> wanted =
        wanted_marker(*work.component, "", {}, paths_.unit_dir).files;
    try {
        FoundFiles found = observe_files(wanted, paths_, work.record,
                                         options_.force ? Rehash::always : Rehash::when_touched,
                                         around_.interrupt);
        work.observed.actual = std::move(found.files);
        work.hashed = std::move(found.hashed);
    } catch (const Error&) {
        refuse_obstacles(work, wanted, paths_);
        throw;
    }
    refuse_obstacles(work, wanted, paths_);
}

/// The operator's will is stronger than any guard.
void Pass::aim_back() {
    for (Work& work : works_)
        provisor::aim_back(work, *options_.rollback_to, paths_, store_, trust_, units(),
                           around_.interrupt);
}

void Pass::remove() {
    for (Work& work : works_) {
        if (!work.removed)
            continue;
        around_.interrupt.check();
        work.done = false;
        attempt(work, [&] {
            if (!leaves_units() && self_update_.ends_with(*work.component))
                throw Error(ErrorKind::config,
                            fmt::format("it is the agent that runs this pass; `systemctl disable "
                                        "--now {}`, then `provisor apply {}`",
                                        around_.own_service.unit, work.component->name));
            report_.restarts +=
                remove_component(work, settings_.components, paths_, units(), around_);
            work.done = true;
        });
    }
}

void Pass::acquire() {
    Acquisition acquisition(cache_, settings_.config, paths_, options_, trust_, around_,
                            gather_facts(paths_).machine);
    std::vector<Work*> open;
    for (Work& work : works_)
        if (!work.done)
            open.push_back(&work);
    acquisition.run(works_);
    for (Work* work : open)
        make_do_with_installed(*work, paths_, around_.interrupt);
    report_.requests = acquisition.requests();
    report_.transferred = acquisition.transferred();
    report_.bytes = acquisition.bytes();
}

void Pass::plan() {
    for (Work& work : works_)
        attempt(work, [&] { plan(work); });
    // Under --root nothing is activated, and an image is built when it is built.
    if (!options_.at_once && paths_.root.empty())
        keep_to_windows(works_, wall_clock(), units(), paths_, around_.interrupt);
    for (Work& work : works_)
        attempt(work, [&] { dependencies_.hold_dependant(work, works_, units()); });
    refuse_shared_units(pointers_to(works_), works_, settings_.components, store_, trust_);
}

void Pass::plan(Work& work) {
    if (!work.artifact) {
        if (guard_.resume_rollback(work, units()) == Guarded::no)
            make_plan(work, units());
        return;
    }
    if (work.as_is)
        work.wanted = *work.observed.installed;
    else {
        work.wanted =
            wanted_marker(*work.component, work.artifact->sha256, work.contents, paths_.unit_dir);
        work.wanted.signed_by = work.signed_by;
        work.wanted.signed_at = work.signed_at;
        const bool named = !work.component->sha256.empty() || !work.component->sha512.empty();
        work.wanted.pinned = named && work.pin == work.artifact->sha256;
        if (work.wanted.pinned)
            work.wanted.sha512 = work.component->sha512;
    }
    Examination::recall_version(work);
    if (guard_.apply(work, units()) == Guarded::no)
        make_plan(work, units());
}

void Pass::install(const std::vector<Work*>& batch) {
    for (Work* work : batch)
        install(*work);
}

void Pass::install(Work& work) {
    around_.interrupt.check();
    // Once more: what it comes after may have failed since.
    attempt(work, [&] { dependencies_.hold_dependant(work, works_, units()); });
    attempt(work, [&] {
        if (work.plan.decision != Decision::unchanged)
            around_.progress.set_stage(fmt::format("installing {}", work.component->name));
        if (work.plan.decision == Decision::update && !leaves_units())
            trial_.keep_way_back(work);
        Staging staging(paths_, settings_.config.limits.min_free);
        stage_files(work, paths_, cache_, staging, around_.interrupt);
        if (examination_.examine(work, staging) == Examination::Verdict::fit) {
            keep_overwritten(work, paths_, cache_, store_, settings_.config.limits.min_free,
                             around_.interrupt);
            put_in_place(work, staging, paths_, cache_, store_, around_.interrupt);
        }
        note_trusted(work);
    });
    examination_.learn_version(work);
}

/// What is in place was verified in this pass, or was found to be still trusted before it came
/// back.
void Pass::note_trusted(Work& work) {
    const bool verified = work.artifact && work.kept_back.empty() && !work.as_is;
    if (work.done || (!verified && work.plan.decision != Decision::rollback))
        return;
    work.doubt.reset();
    // The same bytes may be signed again, by another key, or be pinned since.
    if (verified && !work.plan.write_marker && work.observed.installed &&
        !work.observed.installed->same_vouchers(work.wanted))
        renew_vouchers(work, store_);
}

void Pass::act_on_units(const std::vector<Work*>& batch) {
    if (!paths_.root.empty() && !options_.no_units)
        enable_only(batch, around_);
    else if (!leaves_units()) {
        // Once more: what was to be replaced may not have been.
        refuse_shared_units(batch, works_, settings_.components, store_, trust_);
        report_.restarts += trial_.bring_up(batch, report_.id);
        report_.restarts += trial_.roll_back(batch, report_.id);
    }
}

/// The history gets a line for what was changed, also when its units failed afterwards; hashes are
/// kept when they are new. An unchanged component whose files nobody touched has nothing to write.
void Pass::record() {
    for (Work& work : works_) {
        const bool changed = work.plan.write_marker || work.plan.decision == Decision::repair;
        if (work.removed && !work.outcome.error) {
            work.record.remember({wall_clock(), Decision::remove, work.outcome.previous_version,
                                  work.outcome.previous_sha256, work.outcome.url,
                                  work.outcome.reason, report_.id});
            work.record_changed = true;
        } else if (changed && (!work.outcome.error || is_installed(work.outcome)))
            remember_change(work, report_.id);
        else
            complete_history(work, report_.id);
        if (!work.record_changed &&
            (work.record.hashed == work.hashed || work.outcome.error || !work.artifact))
            continue;
        if (!work.outcome.error)
            work.record.hashed = work.hashed;
        try {
            store_.write_record(work.component->name, work.record);
        } catch (const Error& error) {
            // It may be lost without harm; the pass itself is done.
            spdlog::warn("{}: history not written: {}", work.component->name, error.what());
        }
    }
}

/// When something came that takes the place of something else, whether it was installed or is held
/// back: what was held back before it is wanted no more. And when there was no room for it.
void Pass::prune() {
    const auto lacks_room = [](const std::optional<Error>& error) {
        return error && error->kind() == ErrorKind::space;
    };
    const bool changed = std::any_of(works_.begin(), works_.end(), [&](const Work& work) {
        return (!options_.dry_run && (work.plan.write_marker || work.removed)) ||
               lacks_room(work.outcome.error) || lacks_room(work.unreached);
    });
    if (!changed && !cache_.has_grown())
        return;
    try {
        const PrunedCache pruned =
            prune_cache(settings_.components, cache_, store_, settings_.config.cache);
        if (!pruned.over.empty())
            spdlog::warn("{}", pruned.over);
    } catch (const Error& error) {
        spdlog::warn("cache not pruned: {}", error.what());
    }
}

PassReport Pass::report() {
    for (Work& work : works_) {
        tell_unreached(work);
        if (work.doubt && work.doubt->kind == Doubt::Kind::key && !work.removed &&
            !(options_.dry_run && is_change(work)))
            work.outcome.untrusted = fmt::format(
                "{} {}", named_content(work.outcome.previous_version, work.outcome.previous_sha256),
                work.doubt->reason);
        work.outcome.duration = since(work.begun);
        work.outcome.checked = work.artifact || work.outcome.decision == Decision::unchanged ||
                               work.outcome.decision == Decision::remove;
        if (work.record.backoff)
            work.outcome.last_check = work.record.backoff->last_check;
        report_.components.push_back(std::move(work.outcome));
    }
    report_.duration = since(begun_);
    return report_;
}

} // namespace

PassReport run_pass(const Settings& settings, const Paths& paths, const PassOptions& options,
                    const Surroundings& surroundings) {
    PassReport report = Pass(settings, paths, options, surroundings).run();
    if (!options.dry_run) {
        const std::map<std::string, Trouble> before = read_troubles(paths);
        std::map<std::string, Trouble> now = troubles_after(before, report, last_full_pass(paths));
        const Duration max_age = settings.config.max_age;
        const std::vector<std::string> overdue = take_overdue(now, report, max_age, wall_clock());
        write_troubles(paths, before, now);
        announce_diagnostics(settings, report.id, surroundings.journal);
        announce(report, before, surroundings.journal);
        announce_overdue(overdue, now, max_age, report, surroundings.journal);
    }
    return report;
}

} // namespace provisor
