// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/store/cache_test.cpp
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace provisor {

/// The text of a record of the cache; absent when there is none, and when it cannot be read (EIO),
/// is longer than `limit` or no file: as with a damaged one, what it told of is had once more.
std::optional<std::string> read_cache_record(const std::filesystem::path& path,
                                             std::uint64_t limit);

} // namespace provisor
