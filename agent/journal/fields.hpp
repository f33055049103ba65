// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "journal/journal.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// Whether journald takes a field of this name; it drops others in silence
/// (systemd.journal-fields(7)). Names that begin with an underscore are journald's own.
bool is_field_name(std::string_view name);

/// An entry as "NAME=value" texts, ready to send: made printable and each at most 4096 bytes, the
/// most that `journalctl -o json` shows. Line breaks stay in the message alone. Fields without a
/// value or with a name that is none are left out.
std::vector<std::string> to_fields(const JournalEntry& entry);

} // namespace provisor
