// SPDX-License-Identifier: Apache-2.0
// Tested by tests/system/stories/unit_jobs.sh
#pragma once

#include "units/unit_manager.hpp"

#include <filesystem>
#include <memory>

namespace provisor {

enum class ManagerScope { system, user };

/// The running systemd over D-Bus: the system bus, else (as root) the manager's private socket; the
/// user's bus for ManagerScope::user. Connects at the first call and again after the connection was
/// lost.
std::unique_ptr<UnitManager> make_systemd_units(ManagerScope scope);

/// No running systemd, only its files below `root` (image building): enables units as files, starts
/// nothing; every job is "skipped", every state is empty but for what the files tell.
std::unique_ptr<UnitManager> make_offline_units(const std::filesystem::path& root);

} // namespace provisor
