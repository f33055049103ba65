// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/units/offline_units_test.cpp
#pragma once

#include "units/systemctl.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace provisor {

/// Where systemd looks for unit files, the one that wins first, without the root: systemd.unit(5).
const std::vector<std::filesystem::path>& unit_file_folders();

/// Whether `systemctl --root`, which follows links as this machine has them, would look elsewhere
/// than the system below `root` does: a link such as /etc -> /data/etc leads it out.
bool leads_systemctl_astray(const std::filesystem::path& root);

/// What `systemctl --root` does with these words to a copy of the unit files that has no such
/// links. Links that it makes or removes in there are made and removed below `root`.
SystemctlResult run_systemctl_on_copy(const std::filesystem::path& root,
                                      const std::vector<std::string>& words);

} // namespace provisor
