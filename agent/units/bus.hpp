// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "units/systemd_units.hpp"

#include <memory>
#include <string>

struct sd_bus;
struct sd_bus_message;

namespace provisor {

struct CloseBus {
    void operator()(sd_bus* bus) const noexcept;
};
struct ReleaseMessage {
    void operator()(sd_bus_message* message) const noexcept;
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;
using Message = std::unique_ptr<sd_bus_message, ReleaseMessage>;

/// Names of systemd's manager object.
inline constexpr const char* manager_path = "/org/freedesktop/systemd1";
inline constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";

/// A connection to the manager: the bus of the scope, else the manager's private socket (which lets
/// only root, or the user itself, in). Throws Error of kind unit that tells why neither answered.
Bus open_manager(ManagerScope scope);

/// Whom to address on this connection: the private socket has nobody else at its other end and
/// wants no name, neither in calls nor in match rules.
const char* manager_name(sd_bus* bus);

/// Throws Error of kind unit, told as `what`, when `code` is a negative errno.
int check_bus(int code, const std::string& what);

} // namespace provisor
