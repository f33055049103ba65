// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace provisor::test {

/// Whether a client can tell wrong bytes from right ones: by a digest or the archive's own
/// checksum, or not at all. A body that is cut at a length which was declared for it cannot be
/// told.
enum class Checked { yes, no };

/// How an origin treats the n-th request for a path in a storm: as a Behavior, "" for well. The
/// same for the same numbers. Nothing that makes a client wait longer than a second or two.
std::string weather(std::uint64_t seed, const std::string& path, unsigned n, Checked checked);

/// One of these, each as likely as another.
template <typename List>
const auto& one_of(const List& list, std::mt19937_64& random) {
    return list[random() % list.size()];
}

} // namespace provisor::test
