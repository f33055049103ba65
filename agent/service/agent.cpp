// SPDX-License-Identifier: Apache-2.0
#include "service/agent.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/quantity.hpp"
#include "base/time.hpp"
#include "journal/message_ids.hpp"
#include "model/placeholders.hpp"
#include "pass/announce.hpp"
#include "pass/last_pass.hpp"
#include "pass/lock.hpp"
#include "service/event_loop.hpp"
#include "service/folder_watch.hpp"
#include "service/notify.hpp"
#include "service/pass_thread.hpp"
#include "service/schedule.hpp"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace provisor {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// Editors and package managers change several files in one go.
constexpr Duration change_settles = 200ms;
/// Passes and re-readings begin at most this often, whatever happens in the folders.
constexpr Duration shortest_gap = 1s;
constexpr Duration lock_retry = 500ms;
constexpr Duration status_period = 1s;
/// What a pass gets to come to an end once it was asked to; the contract grants a second in all.
constexpr Duration stop_patience = 800ms;

/// Everything happens in the loop's thread but the pass itself. `settings_` is never changed in
/// place: a running pass goes on with those that it began with.
class Agent {
public:
    explicit Agent(const AgentOptions& options)
        : options_(options), paths_(options.paths), facts_(gather_facts(options.paths)),
          watch_(options.paths) {}
    ~Agent() { interrupt_.raise(); } // in case an exception leaves while a pass runs
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    int run();

private:
    int look_first();
    void read_again();
    void reload();
    void begin_pass();
    void end_pass();
    void fail_pass(const std::string& why);
    void rest(const std::string& last, std::optional<WallTime> next_try = {});
    void want_pass() {
        pass_wanted_ = true;
        begin_pass();
    }
    void take_changes();
    void watch_pass();
    void stop();
    Duration gap_left(Clock::time_point last) const;

    const AgentOptions& options_;
    Paths paths_;
    Facts facts_;
    std::shared_ptr<const Settings> settings_;
    bool settings_are_fresh_ = false; ///< read since the last pass began
    FolderWatch watch_;

    Interrupt interrupt_;
    std::optional<PassLock> lock_; ///< while a pass runs
    PassThread pass_;
    bool pass_wanted_ = false; ///< one pass is queued; more would do nothing that it does not
    bool stopping_ = false;
    Clock::time_point last_begin_ = Clock::now() - shortest_gap;
    Clock::time_point last_reload_ = Clock::now() - shortest_gap;

    Progress::Snapshot seen_; ///< of the running pass, and when it last was another
    Clock::time_point seen_since_;
    bool hung_ = false;

    EventLoop loop_;
    EventLoop::Timer changed_ = loop_.add_timer([this] {
        reload();
        want_pass();
    });
    EventLoop::Timer begin_ = loop_.add_timer([this] { begin_pass(); });
    EventLoop::Timer interval_ = loop_.add_timer([this] { want_pass(); });
    EventLoop::Timer second_ = loop_.add_timer([this] { watch_pass(); });
    EventLoop::Timer give_up_ = loop_.add_timer([] {
        // Every step of a pass leaves a state from which the next one goes on, whenever it is cut
        // off: leaving in the middle of it is a crash, and a crash is nothing special.
        spdlog::warn("the pass did not end in time; leaving without it");
        ::_exit(0);
    });
};

int Agent::run() {
    // The pass creates the folder for its lock; done before the folders are watched, since
    // manifests may lie in it and its making is a change there.
    try {
        make_directories(paths_.run_dir, 0755, Durable::no);
    } catch (const Error&) {
        // The first pass will say so.
    }
    if (const int status = look_first(); status != 0)
        return status;
    for (const int number : {SIGTERM, SIGINT})
        loop_.on_signal(number, [this] { stop(); });
    loop_.on_signal(SIGHUP, [this] {
        reload();
        want_pass();
    });
    loop_.on_readable(pass_.over_fd(), [this] { end_pass(); });
    if (watch_.fd() >= 0)
        loop_.on_readable(watch_.fd(), [this] { take_changes(); });
    loop_.answer_watchdog(true);
    notify_ready();
    want_pass();
    return loop_.run();
}

/// The first look at the configuration; an exit status when nothing may run with it: 2 ends the
/// service until somebody fixes the configuration, after 1 systemd starts it again.
int Agent::look_first() {
    watch_.refresh();
    auto settings = std::make_shared<Settings>(load_settings(paths_, facts_));
    if (!settings->config_errors.empty()) {
        settings->manifest_errors.clear();
        announce_diagnostics(*settings, "", options_.journal);
        spdlog::error("the configuration cannot be used: {}",
                      to_text(settings->config_errors.front()));
        return may_pass(settings->config_errors) ? 1 : 2;
    }
    settings_ = std::move(settings);
    settings_are_fresh_ = true;
    return 0;
}

/// Takes configuration and manifests as they are now. What cannot be used of them is told, and what
/// was in force before stays so.
void Agent::read_again() {
    settings_are_fresh_ = true;
    try {
        watch_.refresh();
        Paths paths = options_.paths;
        Settings settings = load_settings(paths, facts_);
        if (!settings.config_errors.empty()) {
            Settings complaints;
            complaints.config_errors = std::exchange(settings.config_errors, {});
            announce_diagnostics(complaints, "", options_.journal);
            spdlog::error(
                "the agent's configuration cannot be used, the one before stays in force");
            settings.config = settings_->config;
            paths = paths_;
        }
        settings_ = std::make_shared<const Settings>(std::move(settings));
        paths_ = std::move(paths);
    } catch (const Error& error) {
        spdlog::error("configuration not read again, the one before stays in force: {}",
                      error.what());
    }
}

void Agent::reload() {
    if (stopping_)
        return;
    last_reload_ = Clock::now();
    changed_.clear();
    notify_reloading();
    read_again();
    notify_ready();
}

void Agent::take_changes() {
    if (watch_.drain() && !changed_.is_set())
        changed_.set(std::max(change_settles, gap_left(last_reload_)));
}

Duration Agent::gap_left(Clock::time_point last) const {
    return std::chrono::duration_cast<Duration>(last + shortest_gap - Clock::now());
}

/// Begins the pass that is wanted, or sees to it that it is begun as soon as possible.
void Agent::begin_pass() {
    if (!pass_wanted_ || pass_.running() || stopping_)
        return;
    if (const Duration left = gap_left(last_begin_); left > Duration::zero()) {
        begin_.set(left);
        return;
    }
    try {
        lock_ = PassLock::acquire(paths_, PassLock::Wait::no, interrupt_);
        if (!lock_) {
            notify_status("waiting for another pass to end");
            begin_.set(lock_retry);
            return;
        }
        // Read again even when nothing reported a change: what inotify cannot see (another
        // machine's writes on a network file system, the file behind a link, a mount) shows at the
        // next pass.
        if (!settings_are_fresh_)
            read_again();
        pass_wanted_ = settings_are_fresh_ = false;
        last_begin_ = seen_since_ = Clock::now();
        seen_ = {};
        pass_.start([this, settings = settings_, paths = paths_](Progress& progress) {
            return options_.run_one_pass(*settings, paths, interrupt_, progress);
        });
    } catch (const std::exception& error) {
        // No lock file, no thread: what is short now may be there at the next attempt.
        pass_wanted_ = false;
        fail_pass(error.what());
        return;
    }
    interval_.clear();
    second_.set(status_period);
    notify_status(status_line({}));
}

void Agent::end_pass() {
    const PassResult result = pass_.finish();
    lock_.reset();
    second_.clear();
    if (stopping_) {
        loop_.leave(0);
        return;
    }
    if (std::exchange(hung_, false))
        loop_.answer_watchdog(true);
    if (result.report)
        note_full_pass(paths_);
    if (result.report)
        rest(result.report->summary(), result.report->next_try());
    else
        fail_pass(result.error);
    begin_pass();
}

void Agent::fail_pass(const std::string& why) {
    lock_.reset();
    options_.journal.write({Priority::error,
                            fmt::format("the pass failed as a whole: {}; nothing was changed by "
                                        "what did not run, the next pass tries again",
                                        why),
                            message_id::pass_failed,
                            {}});
    rest("the last pass failed: " + why);
}

/// Until the next pass, by interval or because a component wants to be tried again.
void Agent::rest(const std::string& last, std::optional<WallTime> next_try) {
    const Duration share = splay_share(facts_.machine_id, settings_->config.splay);
    Duration span = time_between_passes(settings_->config.interval, share);
    // A second more, since what is told of the time has no finer grain.
    if (next_try)
        span = std::clamp<Duration>(*next_try - wall_clock() + 1s, shortest_gap, span);
    interval_.set(span);
    notify_status(span == Duration::max()
                      ? last
                      : fmt::format("{}; next pass {}", last, format_rfc3339(wall_clock() + span)));
}

/// Once a second while a pass runs: tells what it is at, and whether it still is at anything.
///
/// The loop itself always turns, so answering the watchdog proves nothing about the pass. A pass
/// bounds everything that it waits for; one that has shown no change of stage or byte count for
/// twice the sum of all those bounds waits for something that nobody thought of, will do so for
/// ever, and holds the lock. No longer answering the watchdog makes systemd start the daemon again,
/// from a state that any crash leaves in order. Should the pass go on after all, so does the
/// answer.
void Agent::watch_pass() {
    second_.set(status_period);
    Progress::Snapshot now = pass_.snapshot();
    if (now.stage != seen_.stage || now.running != seen_.running) {
        seen_ = std::move(now);
        seen_since_ = Clock::now();
        notify_status(status_line(seen_));
        if (std::exchange(hung_, false))
            loop_.answer_watchdog(true);
        return;
    }
    const auto silence = std::chrono::duration_cast<Duration>(Clock::now() - seen_since_);
    if (hung_ || silence < options_.patience(*settings_))
        return;
    hung_ = true;
    loop_.answer_watchdog(false);
    spdlog::critical("the pass has shown no progress for {} (at: {}); the watchdog gets no answer "
                     "any more, so that systemd starts provisor again",
                     format_time_span(silence), status_line(seen_));
}

void Agent::stop() {
    if (std::exchange(stopping_, true))
        return;
    notify_stopping();
    interrupt_.raise();
    if (!pass_.running())
        loop_.leave(0);
    else
        give_up_.set(stop_patience);
}

} // namespace

int run_agent(const AgentOptions& options) {
    sigset_t ours;
    sigemptyset(&ours);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&ours, number);
    ::pthread_sigmask(SIG_BLOCK, &ours, nullptr);
    return Agent(options).run();
}

} // namespace provisor
