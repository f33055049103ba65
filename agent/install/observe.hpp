// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "model/marker.hpp"
#include "model/paths.hpp"
#include "model/record.hpp"

#include <map>
#include <string>
#include <vector>

namespace provisor {

/// The files that are there, by path, and the hashes that were computed or still hold for them.
struct FoundFiles {
    std::map<std::string, InstalledFile> files;
    std::vector<HashedFile> hashed; ///< for the next look; in the order of the paths asked for
};

enum class Rehash { when_touched, always };

/// Looks at the targets in `expected`. A file whose fingerprint is the one in `known` is not read
/// again. Mode and owner are what the file really has; an owner is told by the expected name when
/// that is the same account; capabilities are what it has where some are expected, and else empty.
/// A target that is neither absent nor a regular file throws Error of
/// kind io: provisor replaces files, and nothing else.
FoundFiles observe_files(const std::vector<InstalledFile>& expected, const Paths& paths,
                         const Record& known, Rehash rehash, const Interrupt& interrupt);

/// Whether something, of whatever kind, stands at the target.
bool target_exists(const std::string& path, const Paths& paths);

} // namespace provisor
