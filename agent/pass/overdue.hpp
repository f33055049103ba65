// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/duration.hpp"
#include "journal/journal.hpp"
#include "model/report.hpp"
#include "pass/troubles.hpp"

#include <map>
#include <string>
#include <vector>

namespace provisor {

/// Whether a component that was last checked with its origin then was not so for longer than
/// `max_age` (0: never).
bool is_overdue(WallTime last_check, Duration max_age, WallTime now);

/// "not checked with its origin since …, longer than max_age (7d)"
std::string describe_overdue(WallTime last_check, Duration max_age);

/// Finds the components of the pass that were not checked, and not for too long, and that nobody
/// was warned of within a day; they count as told from now on. Pure.
std::vector<std::string> take_overdue(std::map<std::string, Trouble>& troubles,
                                      const PassReport& report, Duration max_age, WallTime now);

/// Writes a warning for each of them.
void announce_overdue(const std::vector<std::string>& names,
                      const std::map<std::string, Trouble>& troubles, Duration max_age,
                      const PassReport& report, Journal& journal);

} // namespace provisor
