// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace provisor::test {

/// What came of one sequence of random edits.
struct EditSequence {
    std::vector<std::string> story; ///< every edit and pass, in order
    std::vector<std::string> wrong; ///< what must not have happened
    unsigned passes = 0;
};

/// Edits the manifests of a few components at random, each time followed by passes: adds, removes,
/// renames, splits and merges components, moves and swaps paths, changes modes, drops and adds
/// files and unit files, says absent or held, makes a manifest unreadable, has origins fail, makes
/// and removes a link on the way to files, puts files of somebody else where provisor's were, and
/// uses the commands hold, remove and rollback; some passes are killed at one of their writes.
/// After each one
/// - every file that is wanted by a component that did not fail is there, as it is wanted;
/// - nothing that provisor did not install was touched, and nothing that is on hold or that a
///   manifest that cannot be read may name;
/// - nothing went away, not even for a moment, that any component wants, keeps, or never gave up.
/// In the end two healthy passes leave what a clean installation of the last manifests would, and a
/// third one writes nothing. All of it depends on the seed alone.
EditSequence run_edits(std::uint64_t seed);

} // namespace provisor::test
