// SPDX-License-Identifier: Apache-2.0
#include "units/properties.hpp"

#include "units/bus.hpp"

#include <fmt/format.h>
#include <map>
#include <span>
#include <systemd/sd-bus.h>
#include <variant>

namespace provisor {
namespace {

using Member = std::variant<std::string UnitState::*, std::uint32_t UnitState::*,
                            std::uint64_t UnitState::*, std::int32_t UnitState::*,
                            bool UnitState::*, std::vector<std::string> UnitState::*>;

/// Properties of org.freedesktop.systemd1.Unit and .Service, see org.freedesktop.systemd1(5).
const std::map<std::string_view, Member>& members() {
    static const std::map<std::string_view, Member> known{
        {"LoadState", &UnitState::load_state},
        {"ActiveState", &UnitState::active_state},
        {"SubState", &UnitState::sub_state},
        {"UnitFileState", &UnitState::unit_file_state},
        {"FragmentPath", &UnitState::fragment_path},
        {"NeedDaemonReload", &UnitState::need_daemon_reload},
        {"Type", &UnitState::service_type},
        {"Result", &UnitState::result},
        {"StatusText", &UnitState::status_text},
        {"NRestarts", &UnitState::restarts},
        {"ExecMainCode", &UnitState::exit_code},
        {"ExecMainStatus", &UnitState::exit_status},
        {"MainPID", &UnitState::main_pid},
        {"ActiveEnterTimestampMonotonic", &UnitState::active_enter},
        {"ActiveExitTimestampMonotonic", &UnitState::active_exit},
        {"ExecMainExitTimestampMonotonic", &UnitState::main_exit},
        {"RemainAfterExit", &UnitState::remain_after_exit},
        {"ProtectSystem", &UnitState::protect_system},
        {"CapabilityBoundingSet", &UnitState::capabilities},
        {"ReadWritePaths", &UnitState::read_write_paths},
    };
    return known;
}

int read_variant(sd_bus_message* message, std::string& value) {
    const char* text = nullptr;
    const int code = sd_bus_message_read(message, "v", "s", &text);
    if (code >= 0)
        value = text;
    return code;
}

int read_variant(sd_bus_message* message, std::uint32_t& value) {
    return sd_bus_message_read(message, "v", "u", &value);
}

int read_variant(sd_bus_message* message, std::uint64_t& value) {
    return sd_bus_message_read(message, "v", "t", &value);
}

int read_variant(sd_bus_message* message, std::int32_t& value) {
    return sd_bus_message_read(message, "v", "i", &value);
}

int read_variant(sd_bus_message* message, bool& value) {
    int number = 0; // D-Bus booleans are ints in C
    const int code = sd_bus_message_read(message, "v", "b", &number);
    if (code >= 0)
        value = number != 0;
    return code;
}

int read_variant(sd_bus_message* message, std::vector<std::string>& values) {
    values.clear();
    int code = sd_bus_message_enter_container(message, 'v', "as");
    if (code >= 0)
        code = sd_bus_message_enter_container(message, 'a', "s");
    const char* text = nullptr;
    while (code >= 0 && (code = sd_bus_message_read(message, "s", &text)) > 0)
        values.emplace_back(text);
    if (code >= 0)
        code = sd_bus_message_exit_container(message);
    return code < 0 ? code : sd_bus_message_exit_container(message);
}

/// 16 bytes, or none for a unit that never ran.
int read_invocation(sd_bus_message* message, std::string& id) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    int code = sd_bus_message_enter_container(message, 'v', "ay");
    if (code >= 0)
        code = sd_bus_message_read_array(message, 'y', &bytes, &size);
    if (code >= 0)
        code = sd_bus_message_exit_container(message);
    id.clear();
    if (code >= 0 && size == 16)
        for (const unsigned char byte : std::span(static_cast<const unsigned char*>(bytes), size))
            id += fmt::format("{:02x}", byte);
    return code;
}

int read_value(sd_bus_message* message, std::string_view name, UnitState& state) {
    if (name == "InvocationID")
        return read_invocation(message, state.invocation_id);
    const auto known = members().find(name);
    if (known == members().end())
        return sd_bus_message_skip(message, "v");
    return std::visit([&](auto member) { return read_variant(message, state.*member); },
                      known->second);
}

} // namespace

void read_properties(sd_bus_message* reply, UnitState& state) {
    const std::string what = "unit properties";
    check_bus(sd_bus_message_enter_container(reply, 'a', "{sv}"), what);
    while (check_bus(sd_bus_message_enter_container(reply, 'e', "sv"), what) > 0) {
        const char* name = nullptr;
        check_bus(sd_bus_message_read(reply, "s", &name), what);
        check_bus(read_value(reply, name, state), what + ": " + name);
        check_bus(sd_bus_message_exit_container(reply), what);
    }
    check_bus(sd_bus_message_exit_container(reply), what);
}

} // namespace provisor
