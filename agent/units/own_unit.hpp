// SPDX-License-Identifier: Apache-2.0
// Tested by tests/system/stories/self_update.sh
#pragma once

#include <string>

namespace provisor {

/// The system unit that this process belongs to ("provisor.service"); empty when it belongs to
/// none, as on a machine without systemd, or to one that is no service (a login session is a
/// scope).
std::string unit_of_this_process();

} // namespace provisor
