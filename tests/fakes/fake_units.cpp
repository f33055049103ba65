// SPDX-License-Identifier: Apache-2.0
#include "fakes/fake_units.hpp"

#include "base/contained_process.hpp"
#include "base/error.hpp"

#include <fmt/format.h>
#include <stdexcept>
#include <utility>

namespace provisor::test {
namespace {

constexpr unsigned start_limit = 5; // systemd's own default burst

std::string type_of(Behaviour behaviour) {
    switch (behaviour) {
    case Behaviour::hook:
        return "oneshot";
    case Behaviour::fails_to_start:
        return "notify";
    default:
        return "simple";
    }
}

} // namespace

void FakeUnits::add(const std::string& unit, Behaviour behaviour) {
    Unit& added = units_[unit];
    added.behaviour = behaviour;
    added.state.load_state = "loaded";
    added.state.active_state = "inactive";
    added.state.sub_state = "dead";
    added.state.unit_file_state = "disabled";
    added.state.fragment_path = "/etc/systemd/system/" + unit;
    added.state.service_type = type_of(behaviour);
    added.state.result = "success";
}

void FakeUnits::add_running(const std::string& unit, Behaviour behaviour) {
    add(unit);
    begin_invocation(units_[unit]);
    behave(unit, behaviour);
}

void FakeUnits::behave(const std::string& unit, Behaviour behaviour) {
    Unit& changed = known(unit);
    changed.behaviour = behaviour;
    changed.state.service_type = type_of(behaviour);
}

void FakeUnits::stop(const std::string& unit) {
    Unit& stopped = known(unit);
    stopped.flapping = false;
    stopped.state.active_state = "inactive";
    stopped.state.sub_state = "dead";
    stopped.state.main_pid = 0;
    stopped.state.active_exit = stopped.state.active_enter + 1;
    stopped.state.main_exit = stopped.state.active_exit + 1;
}

void FakeUnits::put_into(const std::string& unit, const std::string& active_state) {
    known(unit).state.active_state = active_state;
}

void FakeUnits::mask(const std::string& unit) {
    Unit& masked = units_[unit];
    masked.state.load_state = "masked";
    masked.state.unit_file_state = "masked";
    if (masked.state.active_state.empty())
        masked.state.active_state = "inactive";
}

void FakeUnits::crash_and_restart(const std::string& unit) { restart_by_itself(known(unit)); }

void FakeUnits::end_next_job_with(const std::string& unit, const std::string& result) {
    known(unit).next_result = result;
}

std::vector<std::string> FakeUnits::jobs_on(const std::string& unit) const {
    std::vector<std::string> verbs;
    for (const UnitJob& job : jobs_)
        if (job.unit == unit)
            verbs.emplace_back(to_string(job.verb));
    return verbs;
}

unsigned FakeUnits::starts_of(const std::string& unit) const {
    const auto found = units_.find(unit);
    return found == units_.end() ? 0 : found->second.starts;
}

void FakeUnits::forget_calls() {
    jobs_.clear();
    resets_.clear();
    commands_.clear();
    batches_ = 0;
    daemon_reloads_ = 0;
}

UnitState FakeUnits::state(const std::string& name) {
    require_reachable();
    if (before_look)
        before_look(name);
    const auto found = units_.find(name);
    if (found == units_.end()) {
        UnitState missing;
        missing.load_state = "not-found";
        missing.active_state = "inactive";
        missing.sub_state = "dead";
        return missing;
    }
    Unit& unit = found->second;
    const UnitState seen = unit.state;
    if (unit.flapping && unit.state.restarts < start_limit) {
        restart_by_itself(unit);
        unit.state.active_state = "activating";
        unit.state.sub_state = "auto-restart";
    } else if (unit.flapping) {
        settle_failed(unit, 7);
    }
    return seen;
}

std::vector<UnitJobResult> FakeUnits::run(const std::vector<UnitJob>& jobs, Duration /*timeout*/,
                                          const Interrupt& interrupt) {
    require_reachable();
    if (!jobs.empty())
        ++batches_;
    std::vector<UnitJobResult> results;
    for (const UnitJob& job : jobs) {
        interrupt.check();
        if (before_job)
            before_job(job);
        jobs_.push_back(job);
        results.push_back(carry_out(job));
    }
    return results;
}

void FakeUnits::daemon_reload() {
    require_reachable();
    ++daemon_reloads_;
    if (folder_.empty() || !std::filesystem::is_directory(folder_))
        return;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_regular_file() && !name.starts_with('.') && !units_.contains(name))
            add(name);
    }
}

bool FakeUnits::enable(const std::vector<std::string>& units) {
    require_reachable();
    bool changed = false;
    for (const std::string& name : units) {
        const auto found = units_.find(name);
        if (found == units_.end())
            throw Error(ErrorKind::unit,
                        fmt::format("enable {}: Unit file {} does not exist.", name, name));
        if (found->second.state.load_state == "masked")
            throw Error(ErrorKind::unit,
                        fmt::format("enable {}: Unit file {} is masked.", name, name));
        found->second.state.unit_file_state = "enabled";
        changed |= enabled_.insert(name).second;
    }
    return changed;
}

void FakeUnits::disable(const std::vector<std::string>& units) {
    require_reachable();
    for (const std::string& name : units) {
        known(name).state.unit_file_state = "disabled";
        enabled_.erase(name);
    }
}

void FakeUnits::reset_failed(const std::string& name) {
    require_reachable();
    resets_.push_back(name);
    const auto found = units_.find(name);
    if (found == units_.end())
        return;
    UnitState& state = found->second.state;
    state.restarts = 0;
    if (state.active_state == "failed") {
        state.active_state = "inactive";
        state.sub_state = "dead";
        state.result = "success";
    }
}

std::optional<std::vector<CommandResult>>
FakeUnits::run_contained(std::span<const ContainedCommand> commands, const Interrupt& interrupt) {
    if (!unreachable_.empty())
        return std::nullopt;
    if (before_command)
        before_command();
    commands_.insert(commands_.end(), commands.begin(), commands.end());
    return run_contained_processes(commands, interrupt);
}

void FakeUnits::require_reachable() const {
    if (!unreachable_.empty())
        throw Error(ErrorKind::unit, unreachable_);
}

FakeUnits::Unit& FakeUnits::known(const std::string& unit) {
    const auto found = units_.find(unit);
    if (found == units_.end())
        throw std::logic_error("the test speaks of a unit that it did not add: " + unit);
    return found->second;
}

UnitJobResult FakeUnits::carry_out(const UnitJob& job) {
    const auto found = units_.find(job.unit);
    if (found == units_.end())
        return {"org.freedesktop.systemd1.NoSuchUnit", fmt::format("Unit {} not found.", job.unit)};
    Unit& unit = found->second;
    if (unit.state.load_state == "masked")
        return {"org.freedesktop.systemd1.UnitMasked", fmt::format("Unit {} is masked.", job.unit)};
    if (!unit.next_result.empty()) {
        const std::string result = std::exchange(unit.next_result, "");
        return {result, result == "done" ? "" : "as the test wanted it"};
    }
    const bool active = unit.state.active_state == "active";
    switch (job.verb) {
    case UnitVerb::start:
        return active ? UnitJobResult{"done", ""} : start(unit);
    case UnitVerb::reload:
        return active ? UnitJobResult{"done", ""}
                      : UnitJobResult{"invalid", "the unit is not running, or cannot do that"};
    case UnitVerb::reload_or_restart:
        return active && unit.behaviour == Behaviour::healthy ? UnitJobResult{"done", ""}
                                                              : start(unit);
    case UnitVerb::stop:
        stop(job.unit);
        return {"done", ""};
    case UnitVerb::restart:
        break;
    }
    return start(unit);
}

UnitJobResult FakeUnits::start(Unit& unit) {
    unit.flapping = false;
    begin_invocation(unit);
    switch (unit.behaviour) {
    case Behaviour::healthy:
        return {"done", ""};
    case Behaviour::hook:
        unit.state.active_state = "inactive";
        unit.state.sub_state = "dead";
        unit.state.main_pid = 0;
        return {"done", ""};
    case Behaviour::crashes_on_start:
        settle_failed(unit, 7);
        return {"done", ""};
    case Behaviour::missing_program:
        settle_failed(unit, 203);
        return {"done", ""};
    case Behaviour::flaps:
        unit.flapping = true;
        return {"done", ""};
    case Behaviour::fails_to_start:
        break;
    }
    settle_failed(unit, 7);
    return {"failed", "the unit did not come up"};
}

void FakeUnits::begin_invocation(Unit& unit) {
    ++unit.starts;
    unit.state.active_state = "active";
    unit.state.sub_state = "running";
    unit.state.result = "success";
    unit.state.invocation_id = fmt::format("{:032x}", ++invocations_);
    unit.state.main_pid = 1000 + invocations_;
    unit.state.restarts = 0;
    unit.state.active_enter = unit.state.active_exit + 1;
    unit.state.main_exit = 0;
    unit.state.exit_code = 0;
    unit.state.exit_status = 0;
}

void FakeUnits::restart_by_itself(Unit& unit) {
    const unsigned restarts = unit.state.restarts + 1;
    begin_invocation(unit);
    unit.state.restarts = restarts;
}

void FakeUnits::settle_failed(Unit& unit, int exit_status) {
    unit.flapping = false;
    unit.state.active_state = "failed";
    unit.state.sub_state = "failed";
    unit.state.result = "exit-code";
    unit.state.main_exit = unit.state.active_enter + 1;
    unit.state.active_exit = unit.state.main_exit + 1;
    unit.state.exit_code = 1;
    unit.state.exit_status = exit_status;
    unit.state.main_pid = 0;
}

} // namespace provisor::test
