// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "model/paths.hpp"
#include "service/agent.hpp"
#include "support/temporary_folder.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace provisor::test {

using TestClock = std::chrono::steady_clock;

/// Something that the daemon did, as it arrived at the notify socket.
struct Sighting {
    std::string text;
    TestClock::time_point when;
};

/// How late this machine runs a thread that wants to run: what a limit on the daemon's own time has
/// to be widened by, so that a busy machine fails no test.
class Lateness {
public:
    Lateness();
    Lateness(const Lateness&) = delete;
    Lateness& operator=(const Lateness&) = delete;
    ~Lateness();
    /// within(limit), and several times the worst that was seen so far.
    TestClock::duration allow(TestClock::duration limit) const;

private:
    std::atomic<bool> over_{false};
    std::atomic<TestClock::rep> worst_{0};
    std::thread sampler_;
};

/// The agent in a child process, with a folder of its own for a root and the test in the place of
/// the service manager: everything that it tells goes through one datagram socket, so its order is
/// the order in which it happened. Passes and journal entries are told there, too, as "pass begins
/// ...", "pass ends" and "journal ID MESSAGE".
class Daemon {
public:
    using Pass = std::function<void(const Interrupt& interrupt, Progress& progress)>;

    Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon(); ///< kills what still runs

    /// What a pass does; nothing if not set. Runs in the child.
    Pass pass;
    /// A pass that shows this and lasts until let_go() or the interrupt.
    void hold_passes(const std::function<void(Progress&)>& show = [](Progress&) {});
    /// Lets the pass under way, and all later ones, come to their end.
    void let_go() const;
    /// A component of the passes wants to be looked at again so long after each of them.
    std::optional<Duration> next_try;
    std::optional<Duration> patience;
    std::map<std::string, std::string> environment;

    void start();
    void signal(int number) const;
    /// The exit status; absent when it does not end within half a minute.
    std::optional<int> wait_for_exit();

    /// The next sighting that begins with `text`, skipping others; absent after `limit`.
    std::optional<Sighting> next(const std::string& text,
                                 std::chrono::milliseconds limit = std::chrono::seconds(30));
    /// Everything that is seen until one that begins with `text`, that one included.
    std::vector<Sighting> watch_until(const std::string& text);
    /// Everything that is seen during this time.
    std::vector<Sighting> watch_for(std::chrono::milliseconds time);
    /// What is allowed on this machine for something that the daemon should do within `limit`.
    TestClock::duration allow(TestClock::duration limit) const { return lateness_->allow(limit); }

    /// The number of open descriptors, and of threads.
    std::size_t open_files() const;
    std::size_t threads() const;

    std::filesystem::path config() const { return folder_ / "etc/provisor/agent.yaml"; }
    std::filesystem::path manifests() const { return folder_ / "etc/provisor/components.d"; }
    const Paths& paths() const { return paths_; }

private:
    std::optional<Sighting> receive(TestClock::time_point deadline);
    std::size_t entries_of(const std::string& proc_folder) const;
    [[noreturn]] void be_the_daemon() const;

    TemporaryFolder folder_;
    Paths paths_;
    std::string socket_path_;
    Fd socket_;
    pid_t child_ = -1;
    std::optional<Lateness> lateness_; ///< from the start on: a process should not fork threads
};

/// How many of these begin with `text`.
std::size_t count(const std::vector<Sighting>& sightings, const std::string& text);

/// Sleeps until the time is over or the interrupt comes, which it throws on.
void sleep_in_pass(std::chrono::milliseconds time, const Interrupt& interrupt);

} // namespace provisor::test
