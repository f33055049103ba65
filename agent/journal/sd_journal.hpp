// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "journal/journal.hpp"

#include <memory>

namespace provisor {

/// The system journal, natively (journal/native.hpp) with SYSLOG_IDENTIFIER=provisor. Entries of
/// priority debug are written only when `debug` is on. Texts are made printable, fields are cut at
/// 4 KiB (what `journalctl -o json` shows).
std::unique_ptr<Journal> make_sd_journal(bool debug);

/// Writes nothing: for --root, which touches nothing outside its folder.
std::unique_ptr<Journal> make_null_journal();

/// Sets up spdlog's default logger for diagnostics: to the journal natively when stderr is the
/// journal (JOURNAL_STREAM), else plain lines on stderr. `verbosity`: -1 warnings only, 0 info, 1
/// debug.
void set_up_diagnostics(int verbosity);

} // namespace provisor
