// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/config_rows_test.cpp
#pragma once

#include "model/paths.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace provisor {

/// Something in a directory of the configuration that no pass reads, and that nothing is told of
/// otherwise.
struct UnreadFile {
    std::filesystem::path file;
    std::string why;    ///< follows the path in a message
    std::string remedy; ///< what to type or do; may be empty
    bool operator==(const UnreadFile&) const = default;
};

/// Of all directories of the configuration and of the keys, sorted by them. A policy in a file of
/// another ending is not in force, which nothing else would show. What is_leftover() is left out;
/// and so is what load_settings() has an error of.
std::vector<UnreadFile> find_unread_files(const Paths& paths);

} // namespace provisor
