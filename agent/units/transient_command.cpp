// SPDX-License-Identifier: Apache-2.0
#include "units/transient_command.hpp"

#include "base/error.hpp"
#include "base/privileges.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

namespace provisor {
namespace {

using End = CommandResult::End;

constexpr std::uint64_t stop_patience_usec = 5'000'000;
/// Exit statuses from here to 243 are systemd's own words for what it could not set up:
/// systemd.exec(5), "Process Exit Codes".
constexpr int first_set_up_status = 200;
constexpr int last_set_up_status = 243;
constexpr int not_executable_status = 203;

struct Network {
    int family;
    std::array<std::uint8_t, 16> address; ///< of IPv4 the first four bytes
    std::uint32_t prefix;
};
constexpr std::array<std::uint8_t, 16> loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

/// Appends properties until one fails.
class Properties {
public:
    explicit Properties(sd_bus_message* message) : message_(message) {}

    template <typename... Values>
    void add(const char* name, const char* type, Values... values) {
        if (code_ >= 0)
            code_ = sd_bus_message_append(message_, "(sv)", name, type, values...);
    }
    void add_list(const char* name, const std::vector<std::string>& texts) {
        begin(name, "as");
        append_texts(texts);
        end();
    }
    /// A list that allows (or refuses) what it names: (bas).
    void add_filter(const char* name, bool allows, const std::vector<std::string>& texts) {
        begin(name, "(bas)");
        open('r', "bas");
        step([&] { return sd_bus_message_append(message_, "b", static_cast<int>(allows)); });
        append_texts(texts);
        close();
        end();
    }
    /// One command line, none of whose words is looked through for variables: a(sasas).
    void add_command(const std::vector<std::string>& words) {
        begin("ExecStartEx", "a(sasas)");
        open('a', "(sasas)");
        open('r', "sasas");
        step([&] { return sd_bus_message_append(message_, "s", words.front().c_str()); });
        append_texts(words);
        append_texts({"no-env-expand"});
        close();
        close();
        end();
    }
    /// Addresses with their prefix lengths: a(iayu).
    void add_networks(const char* name, const std::vector<Network>& networks) {
        begin(name, "a(iayu)");
        open('a', "(iayu)");
        for (const Network& network : networks) {
            const std::size_t size = network.family == AF_INET ? 4 : network.address.size();
            open('r', "iayu");
            step([&] { return sd_bus_message_append(message_, "i", network.family); });
            step([&] {
                return sd_bus_message_append_array(message_, 'y', network.address.data(), size);
            });
            step([&] { return sd_bus_message_append(message_, "u", network.prefix); });
            close();
        }
        close();
        end();
    }
    int code() const { return code_; }

private:
    template <typename Step>
    void step(Step&& append) {
        if (code_ >= 0)
            code_ = append();
    }
    void open(char type, const char* contents) {
        step([&] { return sd_bus_message_open_container(message_, type, contents); });
    }
    void close() {
        step([&] { return sd_bus_message_close_container(message_); });
    }
    void begin(const char* name, const char* type) {
        open('r', "sv");
        step([&] { return sd_bus_message_append(message_, "s", name); });
        open('v', type);
    }
    void end() {
        close();
        close();
    }
    void append_texts(const std::vector<std::string>& texts) {
        open('a', "s");
        for (const std::string& text : texts)
            step([&] { return sd_bus_message_append(message_, "s", text.c_str()); });
        close();
    }

    sd_bus_message* message_;
    int code_ = 0;
};

std::uint64_t microseconds(std::chrono::milliseconds span) {
    return static_cast<std::uint64_t>(std::chrono::microseconds(span).count());
}

void add_limits(Properties& unit) {
    unit.add("MemoryMax", "t", contained_memory);
    unit.add("MemorySwapMax", "t", std::uint64_t{0});
    unit.add("TasksMax", "t", std::uint64_t{contained_processes});
    // Once more as limits of the process: not every machine has the controllers of cgroups.
    unit.add("LimitDATA", "t", contained_memory);
    unit.add("LimitNPROC", "t", std::uint64_t{contained_processes});
    unit.add("LimitCPU", "t", static_cast<std::uint64_t>(contained_time.count()));
    unit.add("LimitCORE", "t", std::uint64_t{0});
    // Its output is the one file that it can write.
    unit.add("LimitFSIZE", "t", contained_output_limit);
}

/// Only this machine: 127.0.0.0/8 and ::1. Not every machine has what enforces it.
void add_reach(Properties& unit, Reach reach) {
    if (reach == Reach::nothing) {
        unit.add("PrivateNetwork", "b", 1);
        unit.add("PrivateIPC", "b", 1);
        unit.add_filter("RestrictAddressFamilies", true, {"AF_UNIX"});
        // Without /run there is no socket of a service to be talked to.
        unit.add("TemporaryFileSystem", "a(ss)", 1U, "/run", "ro,mode=0755,size=64k");
        return;
    }
    unit.add_filter("RestrictAddressFamilies", true, {"AF_UNIX", "AF_INET", "AF_INET6"});
    unit.add_networks("IPAddressDeny", {{AF_INET, {}, 0}, {AF_INET6, {}, 0}});
    unit.add_networks("IPAddressAllow", {{AF_INET, {127}, 8}, {AF_INET6, loopback, 128}});
    // The journal's native socket takes any field from anybody, those of the decisions of a pass as
    // well. What the command prints is read by us.
    unit.add_list("InaccessiblePaths", {"-/run/systemd/journal"});
}

void add_sandbox(Properties& unit) {
    unit.add("DynamicUser", "b", 1);
    for (const char* wanted :
         {"NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectKernelTunables",
          "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups", "ProtectClock",
          "ProtectHostname", "LockPersonality", "RestrictRealtime", "RestrictSUIDSGID"})
        unit.add(wanted, "b", 1);
    unit.add("ProtectSystem", "s", "strict");
    unit.add("ProtectHome", "s", "yes");
    unit.add("ProtectProc", "s", "invisible");
    unit.add("KeyringMode", "s", "private");
    unit.add("CapabilityBoundingSet", "t", std::uint64_t{0});
    unit.add("RestrictNamespaces", "t", std::uint64_t{0}); // those that are allowed
    unit.add("UMask", "u", std::uint32_t{0077});
    unit.add_list("SystemCallArchitectures", {"native"});
    // What is left is what programs use; @system-service leaves out things that runtimes ask for.
    unit.add_filter("SystemCallFilter", false,
                    {"@clock", "@cpu-emulation", "@debug", "@keyring", "@module", "@mount",
                     "@obsolete", "@privileged", "@raw-io", "@reboot", "@swap"});
    unit.add("SystemCallErrorNumber", "i", EPERM);
    // Where ProtectSystem= leaves something to write to.
    unit.add_list("InaccessiblePaths", {"-/tmp", "-/var/tmp", "-/dev/shm", "-/dev/mqueue"});
    // No MemoryDenyWriteExecute=: programs that compile while they run cannot live with it.
}

/// What came of a unit that did not end well.
void read_failure(const std::string& unit, const UnitState& state, CommandResult& result) {
    const bool killed = state.exit_code == CLD_KILLED || state.exit_code == CLD_DUMPED;
    result.number = state.exit_status;
    result.end = killed ? End::killed : End::exited;
    if (state.result == "timeout")
        result.end = End::timed_out;
    else if (result.output_size >= contained_output_limit)
        result.end = End::flooded;
    else if (state.result == "oom-kill")
        result.number = SIGKILL;
    else if (!killed && result.output_size == 0 && state.exit_status >= first_set_up_status &&
             state.exit_status <= last_set_up_status) {
        result.end = End::not_started;
        result.trouble =
            fmt::format("{} (status {} of systemd); `journalctl -u {}` says more",
                        state.exit_status == not_executable_status ? "it cannot be executed"
                                                                   : "systemd could not confine it",
                        state.exit_status, unit);
    }
}

} // namespace

Fd make_output_file() {
    Fd file(::memfd_create("output", MFD_CLOEXEC));
    // Appended to, so that what one process of the command prints is not printed over by the next.
    if (!file || ::fcntl(file.get(), F_SETFL, O_APPEND) != 0)
        throw system_error(errno, "make a file for the output of a command");
    return file;
}

int append_contained_unit(sd_bus_message* message, const std::string& unit,
                          const ContainedCommand& command, int output, Kept kept) {
    int code = sd_bus_message_append(message, "ss", unit.c_str(), "fail");
    if (code >= 0)
        code = sd_bus_message_open_container(message, 'a', "(sv)");
    if (code < 0)
        return code;
    Properties properties(message);
    properties.add("Description", "s", command.description.c_str());
    properties.add("Type", "s", "oneshot");
    if (kept == Kept::while_held) {
        properties.add("AddRef", "b", 1);
        properties.add("CollectMode", "s", "inactive-or-failed");
    }
    const std::string seen =
        command.lent ? fmt::format("{}/{}", lent_folder, command.lent->name) : "";
    properties.add_command(with_text(command.words, lent_word, seen));
    properties.add_list("Environment", contained_environment());
    properties.add("StandardInput", "s", "null");
    properties.add("StandardOutputFileDescriptor", "h", output);
    properties.add("StandardErrorFileDescriptor", "h", output);
    properties.add("TimeoutStartUSec", "t", microseconds(command.timeout));
    properties.add("TimeoutStartFailureMode", "s", "kill");
    properties.add("TimeoutStopUSec", "t", stop_patience_usec);
    properties.add("KillMode", "s", "control-group");
    properties.add("KillSignal", "i", SIGKILL);
    add_limits(properties);
    add_sandbox(properties);
    add_reach(properties, command.reach);
    if (command.lent) {
        const std::string source = command.lent->path.string();
        properties.add("BindReadOnlyPaths", "a(ssbt)", 1U, source.c_str(), seen.c_str(), 0,
                       std::uint64_t{MS_REC});
        properties.add_list("SupplementaryGroups",
                            {std::to_string(find_account(command_account).group)});
    }
    if (properties.code() < 0)
        return properties.code();
    code = sd_bus_message_close_container(message);
    return code < 0 ? code : sd_bus_message_append(message, "a(sa(sv))", 0U);
}

CommandResult read_result(const ContainedCommand& command, const std::string& unit,
                          const std::string& job_result, const UnitState& state, int output) {
    CommandResult result;
    result.timeout = command.timeout;
    struct stat facts {};
    if (::fstat(output, &facts) == 0)
        result.output_size = static_cast<std::uint64_t>(facts.st_size);
    result.output.resize(std::min<std::uint64_t>(result.output_size, contained_output_kept));
    const ssize_t got = ::pread(output, result.output.data(), result.output.size(), 0);
    result.output.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (job_result == "done")
        return result;
    if (state.load_state == "loaded" && state.result != "success") {
        read_failure(unit, state, result);
    } else {
        result.end = End::not_started;
        result.trouble = fmt::format("the job of {} ended as '{}'", unit, job_result);
    }
    return result;
}

} // namespace provisor
