// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "model/paths.hpp"
#include "pass/troubles.hpp"
#include "pass/work.hpp"
#include "store/component_store.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// The works in batches, each of which is to be put in place, activated and found healthy before
/// the next one: what comes `after` something that changes in this pass is in a later batch, unless
/// the two share a unit, which is to be acted on once. Without `after` there is one batch.
std::vector<std::vector<Work*>> batches_of(std::vector<Work>& works);

/// Keeps components as they are while something that they come `after` is in trouble.
class Dependencies {
public:
    /// `components`: those of the manifests, also where a pass is over some of them only.
    Dependencies(const std::vector<Component>& components, const ComponentStore& store,
                 const Paths& paths, const Interrupt& interrupt)
        : components_(components), store_(store), paths_(paths), interrupt_(interrupt) {}

    /// Holds a change of this component when one that it comes after has failed or is held, in this
    /// pass or, if this pass is not over it, in the last one; or is not installed at all.
    /// `works`: all works of the pass, as far as it has come.
    void hold_dependant(Work& work, const std::vector<Work>& works, Units units);

private:
    std::optional<std::string> trouble_of(const Work& dependency);
    std::optional<std::string> trouble_of(const Component& dependency);
    const Trouble* recorded(const std::string& name);

    const std::vector<Component>& components_;
    const ComponentStore& store_;
    const Paths& paths_;
    const Interrupt& interrupt_;
    std::optional<std::map<std::string, Trouble>> troubles_; ///< read when they are needed
};

} // namespace provisor
