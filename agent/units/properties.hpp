// SPDX-License-Identifier: Apache-2.0
// Tested by tests/system/stories/unit_jobs.sh
#pragma once

#include "units/unit_manager.hpp"

struct sd_bus_message;

namespace provisor {

/// Takes what UnitState has a place for from the reply to a GetAll of properties (a{sv}); what it
/// does not know is passed over, so that a newer systemd does no harm. Throws Error of kind unit.
void read_properties(sd_bus_message* reply, UnitState& state);

} // namespace provisor
