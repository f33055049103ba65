// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "units/unit_manager.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace provisor::test {

/// How a unit of FakeUnits takes to being started; what systemd 252 reports for each was measured
/// on a real one.
enum class Behaviour {
    healthy,          ///< job done, active from then on
    crashes_on_start, ///< Type=simple, exits 7 at once, no Restart=: job done, then failed
    flaps,           ///< Type=simple, Restart=on-failure: job done, each look sees one more restart
    fails_to_start,  ///< Type=notify, exits 7 before it is ready: job failed
    missing_program, ///< Type=simple: job done, then failed with exit status 203
    hook             ///< Type=oneshot: job done, inactive again
};

/// A small service manager: it keeps the state of its units, carries out jobs on them and remembers
/// what was asked of it. Units it was not told of are not found.
class FakeUnits : public UnitManager {
public:
    /// A unit whose file is there; inactive until something starts it.
    void add(const std::string& unit, Behaviour behaviour = Behaviour::healthy);
    /// A unit that runs already.
    void add_running(const std::string& unit, Behaviour behaviour = Behaviour::healthy);
    /// Changes how a unit takes to its next start.
    void behave(const std::string& unit, Behaviour behaviour);
    /// After each daemon_reload, the unit files in this folder are units, too.
    void read_unit_files_from(const std::filesystem::path& folder) { folder_ = folder; }

    /// What an administrator does.
    void stop(const std::string& unit);
    void mask(const std::string& unit);
    /// It is in this ActiveState, whatever brought it there.
    void put_into(const std::string& unit, const std::string& active_state);
    /// The program dies and systemd starts it again by itself.
    void crash_and_restart(const std::string& unit);

    /// The next job on this unit ends with this result and leaves the unit as it is.
    void end_next_job_with(const std::string& unit, const std::string& result);
    /// While set, every call throws Error of kind unit with this text.
    void be_unreachable(const std::string& why) { unreachable_ = why; }
    void be_reachable() { unreachable_.clear(); }
    /// Called before each job is carried out; may throw.
    std::function<void(const UnitJob&)> before_job;
    /// Called before each look at the state of a unit.
    std::function<void(const std::string& unit)> before_look;
    /// Called before each contained command is run.
    std::function<void()> before_command;

    /// Everything asked so far, in order.
    const std::vector<UnitJob>& jobs() const { return jobs_; }
    /// Jobs on one unit, as words: "restart".
    std::vector<std::string> jobs_on(const std::string& unit) const;
    /// How many times run() was called with something to do.
    unsigned batches() const { return batches_; }
    unsigned daemon_reloads() const { return daemon_reloads_; }
    const std::set<std::string>& enabled() const { return enabled_; }
    const std::vector<std::string>& resets() const { return resets_; }
    /// The commands that were to be contained.
    const std::vector<ContainedCommand>& commands() const { return commands_; }
    /// How often a unit was started, by whomever.
    unsigned starts_of(const std::string& unit) const;
    /// Forgets what was asked; the units stay as they are.
    void forget_calls();

    UnitState state(const std::string& unit) override;
    bool is_going_down() override { return going_down; }
    bool going_down = false; ///< the machine is
    std::vector<UnitJobResult> run(const std::vector<UnitJob>& jobs, Duration timeout,
                                   const Interrupt& interrupt) override;
    void daemon_reload() override;
    bool enable(const std::vector<std::string>& units) override;
    void disable(const std::vector<std::string>& units) override;
    void reset_failed(const std::string& unit) override;
    /// Runs them, as processes of the test; nobody does while the manager is unreachable.
    std::optional<std::vector<CommandResult>>
    run_contained(std::span<const ContainedCommand> commands, const Interrupt& interrupt) override;

private:
    struct Unit {
        Behaviour behaviour = Behaviour::healthy;
        UnitState state;
        unsigned starts = 0;
        std::string next_result;
        bool flapping = false;
    };
    void require_reachable() const;
    Unit& known(const std::string& unit);
    UnitJobResult carry_out(const UnitJob& job);
    UnitJobResult start(Unit& unit);
    void begin_invocation(Unit& unit);
    void restart_by_itself(Unit& unit);
    void settle_failed(Unit& unit, int exit_status);

    std::map<std::string, Unit> units_;
    std::filesystem::path folder_;
    std::string unreachable_;
    std::vector<UnitJob> jobs_;
    std::vector<std::string> resets_;
    std::vector<ContainedCommand> commands_;
    std::set<std::string> enabled_;
    unsigned batches_ = 0;
    unsigned daemon_reloads_ = 0;
    unsigned invocations_ = 0;
};

} // namespace provisor::test
