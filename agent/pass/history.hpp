// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pass/work.hpp"

#include <string>

namespace provisor {

/// Puts what the plan changes into the history of the record (once), and counts its version. The
/// record is then to be written.
void remember_change(Work& work, const std::string& pass_id);

/// A crash between marker and record leaves a history that does not know of what is in place: puts
/// that in, as far as it can be told. Does nothing for a work in which something else is in place
/// than it wants.
void complete_history(Work& work, const std::string& pass_id);

} // namespace provisor
