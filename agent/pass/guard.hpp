// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/agent_config.hpp"
#include "model/paths.hpp"
#include "pass/work.hpp"
#include "store/component_store.hpp"

namespace provisor {

enum class Guarded {
    no,     ///< to be planned as usual, maybe with another Work::wanted
    settled ///< there is a plan already, or the work is done
};

/// What keeps a pass from putting in place what is wanted: quarantine and flip-flop. (Operator,
/// downgrade and back-off are looked at before anybody is asked.)
class Guard {
public:
    Guard(const ComponentStore& store, const AgentConfig& config, const Paths& paths,
          const Interrupt& interrupt)
        : store_(store), config_(config), paths_(paths), interrupt_(interrupt) {}

    /// Sees to it that what is kept back is not put in place: what is installed then is what is
    /// wanted (and repaired, if somebody touched it), or the generation to go back to.
    Guarded apply(Work& work, Units units) const;

private:
    Guarded apply_quarantine(Work& work, Units units) const;

    const ComponentStore& store_;
    const AgentConfig& config_;
    const Paths& paths_;
    const Interrupt& interrupt_;
};

} // namespace provisor
