// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/units/job_result_test.cpp
#pragma once

#include "base/contained.hpp"
#include "base/duration.hpp"
#include "base/interrupt.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// What systemd says of a unit (org.freedesktop.systemd1(5)).
struct UnitState {
    std::string load_state;   ///< loaded, not-found, masked, bad-setting, error
    std::string active_state; ///< active, reloading, inactive, failed, activating, deactivating
    std::string sub_state;
    std::string unit_file_state; ///< enabled, disabled, masked...; empty when there is no file
    std::string fragment_path;   ///< the file in force
    std::string invocation_id;   ///< 32 hex digits, empty when it never ran
    std::string service_type; ///< simple, exec, notify, oneshot...; empty for what is not a service
    std::string result;       ///< success, exit-code, timeout...
    std::string status_text;
    std::uint32_t restarts = 0;   ///< NRestarts
    std::int32_t exit_code = 0;   ///< ExecMainCode (CLD_*)
    std::int32_t exit_status = 0; ///< ExecMainStatus
    std::uint32_t main_pid = 0;
    /// Microseconds of the monotonic clock: when it last became active, when it ceased to be, and
    /// when its main process ended (0 while that runs).
    std::uint64_t active_enter = 0, active_exit = 0, main_exit = 0;
    bool remain_after_exit = false;
    bool need_daemon_reload = false;
    std::string protect_system;                ///< ProtectSystem=: no, yes, full, strict
    std::vector<std::string> read_write_paths; ///< ReadWritePaths=, as written ("-/opt")
    /// CapabilityBoundingSet=: a bit for each, numbered as in capabilities(7).
    std::uint64_t capabilities = ~std::uint64_t{0};
    bool operator==(const UnitState&) const = default;
};

enum class UnitVerb { start, restart, reload, reload_or_restart, stop };
std::string_view to_string(UnitVerb verb);

struct UnitJob {
    std::string unit;
    UnitVerb verb = UnitVerb::restart;
    bool operator==(const UnitJob&) const = default;
};

/// How a job ended: systemd's job result (done, canceled, timeout, failed, dependency, skipped...),
/// or the name of the error when no job was made ("org.freedesktop.systemd1.NoSuchUnit"). Success
/// is "done" alone.
struct UnitJobResult {
    std::string result;
    std::string message; ///< for people; empty on success
    bool done() const { return result == "done"; }
    bool operator==(const UnitJobResult&) const = default;
};

/// Whether the unit does not run because that was ordered: it ceased to be active before its main
/// process ended. Of a program that ends by itself systemd sees the end first
/// (service_sigchld_event in its service.c), whatever its exit status is.
bool was_stopped(const UnitState& state);

/// The service manager. Calls throw Error of kind unit when it cannot be reached or refuses.
class UnitManager {
public:
    virtual ~UnitManager() = default;
    virtual UnitState state(const std::string& unit) = 0;
    /// Whether everything is being stopped: the machine goes down (with the user's manager: the
    /// session ends).
    virtual bool is_going_down() = 0;
    /// Enqueues all jobs at once and waits for each to end, at most `timeout`; a job that is not
    /// over then has the result "timeout". Results stand in the order of the jobs. Throws
    /// Interrupted.
    virtual std::vector<UnitJobResult> run(const std::vector<UnitJob>& jobs, Duration timeout,
                                           const Interrupt& interrupt) = 0;
    /// Makes systemd read its unit files again; returns when that is over.
    virtual void daemon_reload() = 0;
    /// Enables unit files as `systemctl enable` does; returns whether anything changed. Takes no
    /// unit into force by itself.
    virtual bool enable(const std::vector<std::string>& units) = 0;
    /// Disables unit files as `systemctl disable` does; one that is not enabled is left as it is.
    virtual void disable(const std::vector<std::string>& units) = 0;
    /// Forgets the failed state, start limit and restart counter, as a deliberate restart should. A
    /// unit that is not loaded has none.
    virtual void reset_failed(const std::string& unit) = 0;
    /// Runs contained commands side by side, each in a unit of its own, which is gone afterwards,
    /// and returns how they ended, in their order. Absent where there is nobody who could: then
    /// they are processes of our own (run_contained_process). Throws Interrupted, when the commands
    /// have been ended.
    virtual std::optional<std::vector<CommandResult>>
    run_contained(std::span<const ContainedCommand> commands, const Interrupt& interrupt) = 0;
};

} // namespace provisor
