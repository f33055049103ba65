// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/revoked_test.cpp
#pragma once

#include "pass/trust.hpp"
#include "pass/work.hpp"
#include "store/component_store.hpp"

#include <vector>

namespace provisor {

/// Fails each of `batch` whose plan acts on a unit that it shares with a component whose installed
/// content a key has signed that is not trusted any more: the unit would start that, too. `works`
/// are those of the pass, `components` those of all manifests; of what is not in the pass the
/// marker is read.
void refuse_shared_units(const std::vector<Work*>& batch, const std::vector<Work>& works,
                         const std::vector<Component>& components, const ComponentStore& store,
                         Trust& trust);

} // namespace provisor
