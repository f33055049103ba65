// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace provisor {

/// syslog(3) priorities that provisor uses.
enum class Priority : int { critical = 2, error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

/// One journal entry. Fields beyond these are upper-case names with their values; empty values are
/// left out; a name may stand more than once (OBJECT_SYSTEMD_UNIT).
struct JournalEntry {
    Priority priority = Priority::info;
    std::string message;
    std::string_view message_id; ///< 32 hex digits of message_ids.hpp, or empty
    std::vector<std::pair<std::string, std::string>> fields;
};

/// Where decisions are recorded. Never throws: a journal that cannot be reached loses no pass.
class Journal {
public:
    virtual ~Journal() = default;
    virtual void write(const JournalEntry& entry) noexcept = 0;
};

} // namespace provisor
