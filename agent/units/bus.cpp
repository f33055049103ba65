// SPDX-License-Identifier: Apache-2.0
#include "units/bus.hpp"

#include "base/error.hpp"

#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

namespace provisor {
namespace {

int open_private_socket(const std::string& path, Bus& bus) {
    sd_bus* raw = nullptr;
    int code = sd_bus_new(&raw);
    if (code < 0)
        return code;
    bus.reset(raw);
    code = sd_bus_set_address(raw, ("unix:path=" + path).c_str());
    return code < 0 ? code : sd_bus_start(raw);
}

int open_bus(ManagerScope scope, Bus& bus) {
    sd_bus* raw = nullptr;
    const int code =
        scope == ManagerScope::system ? sd_bus_open_system(&raw) : sd_bus_open_user(&raw);
    bus.reset(raw);
    // Opening only begins the greeting; a bus that does not let us in says so at its end.
    const char* name = nullptr;
    return code < 0 ? code : sd_bus_get_unique_name(raw, &name);
}

/// Where the manager listens by itself; empty when that is not for us.
std::string private_socket(ManagerScope scope) {
    if (scope == ManagerScope::system)
        return ::geteuid() == 0 ? "/run/systemd/private" : "";
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    return runtime != nullptr ? std::string(runtime) + "/systemd/private" : "";
}

} // namespace

void CloseBus::operator()(sd_bus* bus) const noexcept { sd_bus_close_unref(bus); }

void ReleaseMessage::operator()(sd_bus_message* message) const noexcept {
    sd_bus_message_unref(message);
}

Bus open_manager(ManagerScope scope) {
    Bus bus;
    // With dbus stopped it is ECONNREFUSED (the socket file is still there), without dbus ENOENT;
    // in either case, as in any other, the manager itself may still be there.
    const int bus_code = open_bus(scope, bus);
    if (bus_code >= 0)
        return bus;
    const char* which = scope == ManagerScope::system ? "system" : "user";
    std::string message =
        fmt::format("systemd cannot be reached: {} bus: {}", which, std::strerror(-bus_code));
    if (const std::string path = private_socket(scope); !path.empty()) {
        const int code = open_private_socket(path, bus);
        if (code >= 0)
            return bus;
        message += fmt::format("; private socket '{}': {}", path, std::strerror(-code));
    }
    throw Error(ErrorKind::unit, message);
}

const char* manager_name(sd_bus* bus) {
    return sd_bus_is_bus_client(bus) > 0 ? "org.freedesktop.systemd1" : nullptr;
}

int check_bus(int code, const std::string& what) {
    if (code < 0)
        throw Error(ErrorKind::unit, fmt::format("{}: {}", what, std::strerror(-code)));
    return code;
}

} // namespace provisor
