// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "journal/journal.hpp"
#include "model/paths.hpp"
#include "model/progress.hpp"
#include "model/report.hpp"
#include "pass/settings.hpp"
#include "transfer/transfer.hpp"
#include "units/unit_manager.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

struct PassOptions {
    std::vector<std::string> names; ///< empty: all components
    bool force =
        false; ///< asks the origin even when nothing needs asking, and hashes every installed file
    bool no_units = false; ///< units are left alone; what is due stays due
    bool dry_run = false;  ///< decides and reports, changes nothing but the download cache
    bool offline = false;  ///< asks no origin; goes by what the cache knows
    bool at_once = false;  ///< changes do not wait for the windows of their components
    /// An operator's rollback of the one component that is named: the version or the beginning of
    /// the digest to go back to, or empty for the one before.
    std::optional<std::string> rollback_to = {};
};

/// The service that this very process is, for an agent that is a component of its own
/// (pass/self_update.hpp). Without a unit it is none: a command line.
struct OwnService {
    std::string unit;              ///< "provisor.service"
    std::filesystem::path program; ///< what is running, also after its file was replaced
    std::vector<std::filesystem::path> helpers;
    std::filesystem::path folder; ///< where copies of these are kept for self_update_unit
};

/// Everything outside of a pass that it talks to.
struct Surroundings {
    Transfer& transfer;
    UnitManager& units;
    Journal& journal;
    const Interrupt& interrupt;
    Progress& progress;
    std::string unpack_program = {}; ///< path of provisor-unpack
    OwnService own_service = {};
};

/// One pass over the components, in the order read → observe → resolve → plan → install → activate
/// → watch → report. The caller holds the lock. A component's failure is in its outcome; throws
/// Interrupted when asked to stop (what was done until then is consistent), Error of kind config
/// for an unknown name, and Error of kind io when the state directory cannot be used at all.
PassReport run_pass(const Settings& settings, const Paths& paths, const PassOptions& options,
                    const Surroundings& surroundings);

} // namespace provisor
