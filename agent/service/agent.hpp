// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "journal/journal.hpp"
#include "model/paths.hpp"
#include "model/progress.hpp"
#include "model/report.hpp"
#include "pass/settings.hpp"
#include "service/patience.hpp"

#include <functional>

namespace provisor {

/// One pass with all that it needs of the outside world; called in a thread of its own, one call at
/// a time, while the agent holds the lock. What it throws is a failed pass; Interrupted is the
/// answer to the interrupt.
using RunOnePass = std::function<PassReport(const Settings& settings, const Paths& paths,
                                            const Interrupt& interrupt, Progress& progress)>;

struct AgentOptions {
    Paths paths;      ///< as made from the command line, before agent.yaml's state_dir
    Journal& journal; ///< for complaints about the configuration; passes write their own entries
    RunOnePass run_one_pass;
    /// How long a pass may show no progress before it counts as hung.
    std::function<Duration(const Settings&)> patience = longest_silence;
};

/// The daemon that provisor.service starts (Type=notify). Blocks SIGTERM, SIGINT and
/// SIGHUP for the process, so call it before any thread is started. Returns 0 after SIGTERM or
/// SIGINT, 2 when agent.yaml is bad at the start (the journal says why). When a pass under way does
/// not end within a second of SIGTERM, the process exits with 0 from within.
/// Throws Error of kind io when there is no event loop to be had, or a folder of the configuration
/// cannot be read at the start.
int run_agent(const AgentOptions& options);

} // namespace provisor
