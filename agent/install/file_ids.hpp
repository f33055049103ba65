// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/ownership_test.cpp
#pragma once

#include "model/ownership.hpp"
#include "model/paths.hpp"

#include <string>
#include <unordered_map>

namespace provisor {

/// Says which file a path of a manifest leads to, inside of --root. Looks at each directory once,
/// so that what is made or linked later does not change an answer.
class FileIds {
public:
    explicit FileIds(const Paths& paths) : paths_(paths) {}

    /// `path`: absolute, without --root. A directory that cannot be looked at counts as one that
    /// does not exist: the path itself tells its files apart then.
    FileId find(const std::string& path);

private:
    const FileId& find_directory(const std::string& directory);

    const Paths& paths_;
    std::unordered_map<std::string, FileId> directories_;
};

} // namespace provisor
