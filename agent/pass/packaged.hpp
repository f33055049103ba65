// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/paths.hpp"
#include "pass/work.hpp"
#include "store/component_store.hpp"

#include <map>
#include <string>
#include <vector>

namespace provisor {

/// Fails the works that would put something at a path for the first time which belongs to a deb or
/// rpm package, unless their manifests say `replace_packaged: true`. What belongs to provisor's own
/// package is refused in any case. Nothing is looked up for paths that the marker has already.
void refuse_packaged(std::vector<Work>& works, const Paths& paths);

/// Which of these components a pass would fail for that, and why, by name. Throws Error of kind io
/// when that cannot be found out.
std::map<std::string, std::string> refused_as_packaged(const std::vector<Component>& components,
                                                       const ComponentStore& store,
                                                       const Paths& paths);

} // namespace provisor
