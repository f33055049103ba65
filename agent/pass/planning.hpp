// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/pass_test.cpp, tests/unit/pass/unreached_test.cpp
#pragma once

#include "base/interrupt.hpp"
#include "model/paths.hpp"
#include "pass/work.hpp"

#include <string>

namespace provisor {

/// Compares Work::wanted with what is there, and fills in the plan and what is told of it. With
/// Work::kept_back an unchanged component is one that is held. What is kept, and is not trusted any
/// more, is neither repaired nor activated: Work::refusal says what is not done.
void make_plan(Work& work, Units units);

/// Whether the plan puts other content in place than was installed, or the first one. To repair, to
/// go back, and to finish what was begun are no changes.
bool is_change(const Work& work);

/// Makes what is installed what is wanted, for this reason, and looks at its files, which may lie
/// elsewhere than those that were wanted; to be planned (again) after it.
void want_installed(Work& work, const std::string& reason, const Paths& paths,
                    const Interrupt& interrupt);

/// For a work that ended because its origin failed, or is left alone for a while: what is installed
/// is looked after all the same, since its bytes are in the cache. It becomes a work that wants
/// what is installed, yet to be planned; one with nothing installed stays ended.
void make_do_with_installed(Work& work, const Paths& paths, const Interrupt& interrupt);

/// Tells what make_do_with_installed() put off: the pass failed for this component, whatever was
/// done about it meanwhile.
void tell_unreached(Work& work);

/// Takes back a plan that is a change, or a removal: the component stays as it is, and is repaired
/// if somebody touched it.
void keep_back(Work& work, const std::string& reason, Units units, const Paths& paths,
               const Interrupt& interrupt);

} // namespace provisor
