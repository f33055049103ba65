// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/journal/sd_journal_test.cpp
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// Fields ("NAME=value") as one datagram of journald's native protocol (systemd's
/// JOURNAL_NATIVE_PROTOCOL): a value with line breaks stands behind its length.
std::string to_datagram(const std::vector<std::string>& fields);

/// Sends a datagram to journald, and waits five seconds at the most while it does not read: what
/// sd_journal_sendv(3) would do without end. After that it waits for nothing until journald has
/// taken something again. Returns whether it was taken. Safe to use from several threads.
bool send_datagram(std::string_view datagram) noexcept;

} // namespace provisor
