// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/generation.hpp"
#include "model/marker.hpp"

#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// A file that an installation replaces and that its component had not installed.
struct Overwritten {
    InstalledFile file; ///< as it is, with its owner, group and mode
    bool adopted;       ///< another component had installed it
};

/// The generations with what is about to be overwritten, so that going back puts it back.
///
/// Before the first installation (`installed` is absent) that is a generation of its own,
/// generation zero: the overwritten files, and the unit files of `wanted` where nothing stood,
/// since the content that comes back is to be started again. It is made only when there was
/// something that may have worked: a program, where `wanted` has programs. `generations` then holds
/// nothing, or the generation zero of a pass that was cut off, whose files are kept where they were
/// replaced already.
///
/// In an update each generation gets the files that it would not put back itself.
///
/// `now` is the time that generation zero gets; `unit_dir` is where unit files go.
Generations with_overwritten(Generations generations, const std::optional<Marker>& installed,
                             const Marker& wanted, const std::vector<Overwritten>& overwritten,
                             const std::string& unit_dir, WallTime now);

} // namespace provisor
