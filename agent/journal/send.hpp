// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "journal/journal.hpp"

namespace provisor {

/// Sends one entry to journald's socket, whatever its priority. Never throws; what cannot be sent
/// is lost, and journald is not waited for without end.
void send_to_journal(const JournalEntry& entry) noexcept;

} // namespace provisor
