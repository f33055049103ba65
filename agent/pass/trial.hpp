// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/rollback_test.cpp
#pragma once

#include "model/agent_config.hpp"
#include "pass/activate.hpp"
#include "pass/pass.hpp"
#include "pass/trust.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"
#include "store/component_store.hpp"

#include <string>
#include <vector>

namespace provisor {

/// The part of a pass after which a component is known to be healthy, or is back at what was.
class Trial {
public:
    Trial(Cache& cache, ComponentStore& store, const AgentConfig& config, const Paths& paths,
          Trust& trust, const Surroundings& around)
        : cache_(cache), store_(store), config_(config), paths_(paths), trust_(trust),
          around_(around) {}

    /// Before an update. What is about to be replaced may not have been found healthy by a pass of
    /// ours (an earlier provisor did not look, or its units were stopped then): when its units run,
    /// it is, and can be gone back to.
    void keep_way_back(Work& work);

    /// Acts on units, watches them, and remembers what was found healthy. What is now in place is
    /// in the history before that: units are watched for long, and whoever asks after a crash in
    /// that time is to be told. Returns the number of jobs.
    unsigned bring_up(const std::vector<Work*>& works, const std::string& pass_id);

    /// Takes back what turned out to be unhealthy, once: if what it goes back to is unhealthy as
    /// well, that stays. So does what there is nothing to go back from to that is still trusted.
    /// Returns the number of jobs.
    unsigned roll_back(const std::vector<Work*>& works, const std::string& pass_id);

private:
    void begin_trial(Work& work, Activation& activation);
    void remember_healthy(Work& work, const Marker& marker, const std::string& version,
                          const std::string& url);

    Cache& cache_;
    ComponentStore& store_;
    const AgentConfig& config_;
    const Paths& paths_;
    Trust& trust_;
    const Surroundings& around_;
};

} // namespace provisor
