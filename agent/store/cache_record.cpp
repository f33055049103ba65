// SPDX-License-Identifier: Apache-2.0
#include "store/cache_record.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

namespace provisor {

std::optional<std::string> read_cache_record(const std::filesystem::path& path,
                                             std::uint64_t limit) {
    try {
        return read_file(path, limit);
    } catch (const Error&) {
        return std::nullopt;
    }
}

} // namespace provisor
