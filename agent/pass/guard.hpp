// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/flip_flop_test.cpp, tests/unit/pass/downgrade_test.cpp
#pragma once

#include "model/agent_config.hpp"
#include "model/paths.hpp"
#include "pass/trust.hpp"
#include "pass/work.hpp"

#include <optional>
#include <string>

namespace provisor {

enum class Guarded {
    no,     ///< to be planned as usual, maybe with another Work::wanted
    settled ///< there is a plan already, or the work is done
};

/// What keeps a pass from putting in place what is wanted: quarantine, a check that failed, a lower
/// version than the manifest could tell, and flip-flop. (Operator, the manifest's version and
/// back-off are looked at before anybody is asked.)
class Guard {
public:
    enum class Force { no, yes };
    /// With Force::yes what failed its check need not wait before it is checked again.
    Guard(const AgentConfig& config, const Paths& paths, Trust& trust, Force force,
          const Interrupt& interrupt)
        : config_(config), paths_(paths), trust_(trust), force_(force), interrupt_(interrupt) {}

    /// Sees to it that what is kept back is not put in place: what is installed then is what is
    /// wanted (and repaired, if somebody touched it), or the generation to go back to.
    Guarded apply(Work& work, Units units) const;

    /// Finishes a rollback that a crash cut off, or that could not be done; for that no origin is
    /// needed. Work::refusal says when there is nothing to go back to that is still trusted.
    Guarded resume_rollback(Work& work, Units units) const;

private:
    Guarded apply_quarantine(Work& work, Units units) const;
    std::optional<std::string> examined_reason(Work& work) const;

    const AgentConfig& config_;
    const Paths& paths_;
    Trust& trust_;
    Force force_;
    const Interrupt& interrupt_;
};

} // namespace provisor
