// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace provisor::test {

/// What happened to a machine, and what was wrong.
struct Sequence {
    std::vector<std::string> story; ///< a line for each thing that was done, and how it ended
    std::vector<std::string> wrong;
    unsigned passes = 0;
};

/// Some passes on a machine with three components (one without a digest, one with a digest and a
/// mirror, one archive), chosen by the seed: the origin treats each request in another way, new
/// versions are published, files, cache and records are damaged by hand, passes are killed. Each
/// leaves every target as it was or as a whole published version (I1). Then the storm ends: the
/// second pass must succeed and leave what is published last and nothing else (I4, I6), and the
/// third must find nothing to do, take no body and write nothing.
Sequence run_sequence(std::uint64_t seed);

} // namespace provisor::test
