// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/machine.hpp"
#include "model/marker.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace provisor::test {

/// What is installed on a machine, what its markers say of it, and what is in its cache.
struct Picture {
    std::map<std::string, std::string> files;   ///< of targets, by path: "0755 SHA256"
    std::map<std::string, Marker> markers;      ///< by component
    std::map<std::string, std::size_t> changes; ///< that its history has, by component
    std::set<std::string> ways_back;            ///< "app: /opt/app 0755 SHA256", by generation
    std::set<std::string> cache;                ///< files, by their paths in the cache
};

/// Temporary files of provisor are not in it.
Picture picture_of(const Machine& machine);

/// What is wrong on a machine at any instant on the way from one picture to another: a target that
/// is neither the whole old one nor the whole new one (I1); a new marker over anything else than
/// the new files (I2); a blob whose name is not its digest; a record that is torn. A line each.
std::vector<std::string> wrong_between(const Picture& before, const Picture& now,
                                       const Picture& after, const Machine& machine);

/// How a machine that should be as in `wanted` is not (I4, I6), what it could go back to and cannot
/// any more, with what is left over of temporary
/// files. A line each.
std::vector<std::string> differences(const Picture& wanted, const Picture& now,
                                     const Machine& machine);

/// Whether the cache has a URL's record of this content, and the content: it must not be fetched
/// again (I5).
bool is_known_and_cached(const Machine& machine, const std::string& sha256);

} // namespace provisor::test
