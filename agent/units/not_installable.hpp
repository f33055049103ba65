// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/units/offline_units_test.cpp
#pragma once

#include <string>
#include <vector>

namespace provisor {

/// Tells the log that enabling these units came to nothing: none of them has an [Install] section.
void warn_not_installable(const std::vector<std::string>& units);

} // namespace provisor
