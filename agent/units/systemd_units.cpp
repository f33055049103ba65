// SPDX-License-Identifier: Apache-2.0
#include "units/systemd_units.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/quantity.hpp"
#include "base/random.hpp"
#include "units/bus.hpp"
#include "units/job_result.hpp"
#include "units/job_watch.hpp"
#include "units/not_installable.hpp"
#include "units/properties.hpp"
#include "units/transient_command.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <spdlog/spdlog.h>
#include <systemd/sd-bus.h>

namespace provisor {
namespace {

constexpr std::string_view no_such_unit = "org.freedesktop.systemd1.NoSuchUnit";
constexpr Duration usual_patience = std::chrono::seconds(30);
/// A reload runs all generators and reads all units, and is answered when it is over; systemctl
/// waits as long.
constexpr Duration reload_patience = std::chrono::minutes(3);
/// How long after a command's timeout systemd may still take to end it.
constexpr Duration manager_patience = std::chrono::seconds(15);

struct Call {
    const char* path;
    const char* interface;
    const char* member;
    std::function<int(sd_bus_message*)> append = [](sd_bus_message*) { return 0; };
    Duration patience = usual_patience;
};

/// What came of a call: the reply, or the error's name and text.
struct Reply {
    Message message;
    int code = 0;
    std::string error_name;
    std::string error_text;
    bool failed() const { return code < 0; }
};

const char* method_of(UnitVerb verb) {
    switch (verb) {
    case UnitVerb::start:
        return "StartUnit";
    case UnitVerb::reload:
        return "ReloadUnit";
    case UnitVerb::reload_or_restart:
        return "ReloadOrRestartUnit";
    case UnitVerb::stop:
        return "StopUnit";
    case UnitVerb::restart:
        break;
    }
    return "RestartUnit";
}

Call call_manager(const char* member, std::function<int(sd_bus_message*)> append) {
    return {manager_path, manager_interface, member, std::move(append)};
}

Call call_about_unit(const char* member, const std::string& unit) {
    return call_manager(member, [&unit](sd_bus_message* message) {
        return sd_bus_message_append(message, "s", unit.c_str());
    });
}

/// A contained command in a unit of its own.
struct Transient {
    std::string unit;
    Fd output;
    std::string job = {};     ///< its path; empty when there is none
    std::string refusal = {}; ///< why
};

/// As sd_bus_message_append_strv wants them.
std::vector<const char*> with_null(const std::vector<std::string>& units) {
    std::vector<const char*> names;
    for (const std::string& unit : units)
        names.push_back(unit.c_str());
    names.push_back(nullptr);
    return names;
}

class SystemdUnits : public UnitManager {
public:
    explicit SystemdUnits(ManagerScope scope) : scope_(scope) {}

    UnitState state(const std::string& unit) override;
    bool is_going_down() override;
    std::vector<UnitJobResult> run(const std::vector<UnitJob>& jobs, Duration timeout,
                                   const Interrupt& interrupt) override;
    void daemon_reload() override;
    bool enable(const std::vector<std::string>& units) override;
    void disable(const std::vector<std::string>& units) override;
    void reset_failed(const std::string& unit) override;
    std::optional<std::vector<CommandResult>>
    run_contained(std::span<const ContainedCommand> commands, const Interrupt& interrupt) override;

private:
    Reply send(const Call& call);
    Reply ask(const Call& call);
    Message demand(const Call& call, const std::string& what);
    void connect();
    std::string enqueue(const UnitJob& job, UnitJobResult& result);
    bool is_reachable();
    bool start_transient(const ContainedCommand& command, Transient& transient, Kept kept);
    void end_transient(const std::string& unit, Kept kept, bool running);

    ManagerScope scope_;
    Bus bus_;
};

void SystemdUnits::connect() {
    if (bus_ == nullptr)
        bus_ = open_manager(scope_);
}

/// One call on the connection as it is. A connection that turns out to be gone is forgotten.
Reply SystemdUnits::send(const Call& call) {
    connect();
    sd_bus_message* raw = nullptr;
    check_bus(sd_bus_message_new_method_call(bus_.get(), &raw, manager_name(bus_.get()), call.path,
                                             call.interface, call.member),
              call.member);
    const Message request(raw);
    check_bus(call.append(raw), call.member);
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* answer = nullptr;
    Reply reply;
    reply.code = sd_bus_call(bus_.get(), raw, static_cast<std::uint64_t>(call.patience.count()),
                             &error, &answer);
    reply.message.reset(answer);
    if (reply.failed()) {
        reply.error_name = error.name != nullptr ? error.name : "";
        reply.error_text = error.message != nullptr ? error.message : std::strerror(-reply.code);
        if (sd_bus_is_open(bus_.get()) <= 0)
            bus_.reset();
    }
    sd_bus_error_free(&error);
    return reply;
}

/// A call that may be made twice: a connection that was closed while nobody used it (dbus was
/// restarted, systemd executed itself again) is opened again.
Reply SystemdUnits::ask(const Call& call) {
    Reply reply = send(call);
    return reply.failed() && bus_ == nullptr ? send(call) : std::move(reply);
}

Message SystemdUnits::demand(const Call& call, const std::string& what) {
    Reply reply = ask(call);
    if (reply.failed())
        throw Error(ErrorKind::unit, fmt::format("{}: {}", what, reply.error_text));
    return std::move(reply.message);
}

UnitState SystemdUnits::state(const std::string& unit) {
    const std::string what = fmt::format("state of unit '{}'", unit);
    const Message loaded = demand(call_about_unit("LoadUnit", unit), what);
    const char* path = nullptr;
    check_bus(sd_bus_message_read(loaded.get(), "o", &path), what);
    UnitState state;
    const auto take = [&](const char* interface) {
        const Call call{path, "org.freedesktop.DBus.Properties", "GetAll",
                        [interface](sd_bus_message* message) {
                            return sd_bus_message_append(message, "s", interface);
                        }};
        read_properties(demand(call, what).get(), state);
    };
    take("org.freedesktop.systemd1.Unit");
    if (unit.ends_with(".service"))
        take("org.freedesktop.systemd1.Service");
    return state;
}

bool SystemdUnits::is_going_down() {
    const std::string what = "SystemState of systemd";
    const Call call{
        manager_path, "org.freedesktop.DBus.Properties", "Get", [](sd_bus_message* message) {
            return sd_bus_message_append(message, "ss", manager_interface, "SystemState");
        }};
    const Message reply = demand(call, what);
    const char* state = nullptr;
    check_bus(sd_bus_message_read(reply.get(), "v", "s", &state), what);
    return std::string_view(state) == "stopping";
}

/// The path of the job that systemd made, or empty and the refusal in `result`.
std::string SystemdUnits::enqueue(const UnitJob& job, UnitJobResult& result) {
    // Not made twice: a restart whose reply got lost may well be under way.
    const Reply reply = send(call_manager(method_of(job.verb), [&job](sd_bus_message* message) {
        return sd_bus_message_append(message, "ss", job.unit.c_str(), "replace");
    }));
    if (reply.failed()) {
        result = {reply.error_name.empty() ? "failed" : reply.error_name, reply.error_text};
        return {};
    }
    const char* path = nullptr;
    check_bus(sd_bus_message_read(reply.message.get(), "o", &path), job.unit);
    return path;
}

std::vector<UnitJobResult> SystemdUnits::run(const std::vector<UnitJob>& jobs, Duration timeout,
                                             const Interrupt& interrupt) {
    if (jobs.empty())
        return {};
    const auto longest = std::chrono::hours(24 * 365); // "infinity" would overflow the clock
    const auto deadline = std::chrono::steady_clock::now() + std::min<Duration>(timeout, longest);
    // Tells whether an idle connection still lives, before anything is done that must not be done
    // twice.
    demand({manager_path, "org.freedesktop.DBus.Peer", "Ping"}, "systemd");
    // The watch must not outlive the connection that send() may have to give up.
    const CPtr<sd_bus, sd_bus_unref> kept(sd_bus_ref(bus_.get()));
    JobWatch watch(kept.get());
    std::vector<UnitJobResult> results(jobs.size());
    std::vector<std::string> paths(jobs.size());
    std::vector<std::string> pending;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        interrupt.check();
        paths[i] = enqueue(jobs[i], results[i]);
        if (!paths[i].empty())
            pending.push_back(paths[i]);
    }
    const JobWatch::Ended ended = watch.wait_for(pending, deadline, interrupt);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (paths[i].empty())
            continue;
        if (const std::string* result = watch.result_of(paths[i]))
            results[i] = {*result, std::string(explain_job_result(*result))};
        else if (ended == JobWatch::Ended::deadline)
            results[i] = {"timeout", fmt::format("not over after {}; systemd goes on with it",
                                                 format_time_span(timeout))};
        else
            results[i] = {"disconnected",
                          "the connection to systemd was lost before the job ended"};
    }
    return results;
}

void SystemdUnits::daemon_reload() {
    Call call = call_manager("Reload", [](sd_bus_message*) { return 0; });
    call.patience = reload_patience;
    demand(call, "systemd daemon-reload");
}

bool SystemdUnits::enable(const std::vector<std::string>& units) {
    if (units.empty())
        return false;
    const std::vector<const char*> names = with_null(units);
    const std::string what = fmt::format("enable {}", fmt::join(units, " "));
    const Message reply = demand(
        call_manager("EnableUnitFiles",
                     [&names](sd_bus_message* message) {
                         const int code =
                             sd_bus_message_append_strv(message, const_cast<char**>(names.data()));
                         const int for_good = 0; // not only until the next boot
                         const int unforced = 0; // a link to something else is an error
                         return code < 0 ? code
                                         : sd_bus_message_append(message, "bb", for_good, unforced);
                     }),
        what);
    int can_be_enabled = 0;
    check_bus(sd_bus_message_read(reply.get(), "b", &can_be_enabled), what);
    if (can_be_enabled == 0)
        warn_not_installable(units);
    check_bus(sd_bus_message_enter_container(reply.get(), 'a', "(sss)"), what);
    return check_bus(sd_bus_message_at_end(reply.get(), 0), what) == 0;
}

void SystemdUnits::disable(const std::vector<std::string>& units) {
    const std::vector<const char*> names = with_null(units);
    demand(call_manager("DisableUnitFiles",
                        [&names](sd_bus_message* message) {
                            const int code = sd_bus_message_append_strv(
                                message, const_cast<char**>(names.data()));
                            const int for_good = 0; // not only until the next boot
                            return code < 0 ? code : sd_bus_message_append(message, "b", for_good);
                        }),
           fmt::format("disable {}", fmt::join(units, " ")));
}

void SystemdUnits::reset_failed(const std::string& unit) {
    const Reply reply = ask(call_about_unit("ResetFailedUnit", unit));
    if (reply.failed() && reply.error_name != no_such_unit)
        throw Error(ErrorKind::unit,
                    fmt::format("reset failed state of '{}': {}", unit, reply.error_text));
}

bool SystemdUnits::is_reachable() {
    try {
        demand({manager_path, "org.freedesktop.DBus.Peer", "Ping"}, "systemd");
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// What cannot be done is left to systemd: the unit's own timeout ends it as well.
void SystemdUnits::end_transient(const std::string& unit, Kept kept, bool running) {
    try {
        if (running)
            send(call_manager("KillUnit", [&](sd_bus_message* message) {
                return sd_bus_message_append(message, "ssi", unit.c_str(), "all", SIGKILL);
            }));
        send(call_about_unit(kept == Kept::while_held ? "UnrefUnit" : "ResetFailedUnit", unit));
    } catch (const Error& error) {
        spdlog::debug("{}: {}", unit, error.what());
    }
}

/// False, with the refusal in its result, when systemd would not have it.
bool SystemdUnits::start_transient(const ContainedCommand& command, Transient& transient,
                                   Kept kept) {
    transient.unit = fmt::format("provisor-{}-{:016x}.service", command.name, random_number());
    transient.output = make_output_file();
    const Reply reply = send(call_manager("StartTransientUnit", [&](sd_bus_message* message) {
        return append_contained_unit(message, transient.unit, command, transient.output.get(),
                                     kept);
    }));
    if (reply.failed()) {
        transient.refusal = fmt::format("systemd: {}", reply.error_text);
        return false;
    }
    const char* path = nullptr;
    check_bus(sd_bus_message_read(reply.message.get(), "o", &path), transient.unit);
    transient.job = path;
    return true;
}

std::optional<std::vector<CommandResult>>
SystemdUnits::run_contained(std::span<const ContainedCommand> commands,
                            const Interrupt& interrupt) {
    interrupt.check();
    // A user's own manager has neither other users nor networks to give.
    if (scope_ == ManagerScope::user || !is_reachable())
        return std::nullopt;
    const CPtr<sd_bus, sd_bus_unref> connection(sd_bus_ref(bus_.get()));
    const Kept kept =
        sd_bus_is_bus_client(connection.get()) > 0 ? Kept::while_held : Kept::until_reset;
    JobWatch watch(connection.get());
    std::vector<Transient> transients(commands.size());
    std::vector<std::string> jobs;
    Duration longest{};
    JobWatch::Ended ended = JobWatch::Ended::disconnected;
    try {
        for (std::size_t i = 0; i < commands.size(); ++i) {
            longest = std::max<Duration>(longest, commands[i].timeout);
            if (start_transient(commands[i], transients[i], kept))
                jobs.push_back(transients[i].job);
        }
        const auto deadline = std::chrono::steady_clock::now() + longest + manager_patience;
        ended = watch.wait_for(jobs, deadline, interrupt);
    } catch (...) {
        for (const Transient& transient : transients)
            if (!transient.job.empty())
                end_transient(transient.unit, kept, watch.result_of(transient.job) == nullptr);
        throw;
    }
    std::vector<CommandResult> results;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const Transient& transient = transients[i];
        const std::string* job_result = watch.result_of(transient.job);
        CommandResult& result = results.emplace_back();
        if (job_result != nullptr) {
            result = read_result(commands[i], transient.unit, *job_result,
                                 *job_result == "done" ? UnitState{} : state(transient.unit),
                                 transient.output.get());
        } else {
            result.end = CommandResult::End::not_started;
            result.trouble = !transient.refusal.empty() ? transient.refusal
                             : ended == JobWatch::Ended::deadline
                                 ? fmt::format("systemd did not end {} in time", transient.unit)
                                 : "the connection to systemd was lost before it ended";
        }
        if (!transient.job.empty())
            end_transient(transient.unit, kept, job_result == nullptr);
    }
    return results;
}

} // namespace

std::unique_ptr<UnitManager> make_systemd_units(ManagerScope scope) {
    return std::make_unique<SystemdUnits>(scope);
}

} // namespace provisor
