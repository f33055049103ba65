// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "model/generation.hpp"
#include "model/paths.hpp"
#include "pass/trust.hpp"
#include "pass/work.hpp"
#include "store/component_store.hpp"

#include <string>

namespace provisor {

/// Whether what was put in place for this work is to be taken back: it was a change, its units did
/// not take to it, and the manifest does not say `rollback: off`.
bool asks_for_rollback(const Work& work);

/// Makes a work that wants something else one that goes back to `target`, for this reason; the
/// stages from put_in_place() on then do it. `observed` is the machine as it is now.
void turn_back(Work& work, const Generation& target, const std::string& reason, Observed observed,
               Units units);

/// Remembers, durably, that what is in place is unhealthy and not wanted (again). From here on
/// every pass, after whatever crash, leads to the target and not back.
void quarantine(Work& work, const Generation& target, const std::string& reason,
                const std::string& pass_id, ComponentStore& store);

/// The machine as it is now, with a view to putting `other` in place.
Observed observe_with(Work& work, const Marker& other, const Paths& paths,
                      const Interrupt& interrupt);

/// Makes a work one that goes back because an operator wants that: to the generation with this
/// version or digest, or, if `to` is empty, to the one before. Throws Error of kind config when
/// there is none that is still trusted. What is installed is quarantined, unless something is
/// already: what the manifest wants then, which must not come back either.
void aim_back(Work& work, const std::string& to, const Paths& paths, ComponentStore& store,
              Trust& trust, Units units, const Interrupt& interrupt);

} // namespace provisor
