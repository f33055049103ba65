// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/service/status_line_test.cpp, tests/unit/service/agent_test.cpp
#pragma once

#include "model/progress.hpp"

#include <string>

namespace provisor {

/// What the service manager is told of the daemon (sd_notify(3)). Without NOTIFY_SOCKET nobody is
/// told anything.
void notify_ready();
/// That the configuration is about to be read again; notify_ready() tells the end. Carries
/// MONOTONIC_USEC=, which Type=notify-reload wants (systemd 253 and later).
void notify_reloading();
void notify_stopping();
/// The line that `systemctl status` shows.
void notify_status(const std::string& line);

/// A running pass as one line: what it is at, and how far its transfers are (the first few).
std::string status_line(const Progress::Snapshot& snapshot);

} // namespace provisor
