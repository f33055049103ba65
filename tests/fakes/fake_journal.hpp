// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "journal/journal.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace provisor::test {

/// The value of an entry's field (the first of that name), or empty.
inline std::string field_of(const JournalEntry& entry, std::string_view name) {
    const auto found = std::find_if(entry.fields.begin(), entry.fields.end(),
                                    [&](const auto& field) { return field.first == name; });
    return found == entry.fields.end() ? std::string() : found->second;
}

/// A journal that remembers everything, also what is of level debug. Safe to use from two threads.
class FakeJournal : public Journal {
public:
    void write(const JournalEntry& entry) noexcept override {
        const std::lock_guard lock(mutex_);
        entries_.push_back(entry);
    }

    std::vector<JournalEntry> entries() const {
        const std::lock_guard lock(mutex_);
        return entries_;
    }

    /// The entries with this MESSAGE_ID, oldest first.
    std::vector<JournalEntry> with_id(std::string_view id) const {
        std::vector<JournalEntry> found;
        for (const JournalEntry& entry : entries())
            if (entry.message_id == id)
                found.push_back(entry);
        return found;
    }

    void clear() {
        const std::lock_guard lock(mutex_);
        entries_.clear();
    }

private:
    mutable std::mutex mutex_;
    std::vector<JournalEntry> entries_;
};

} // namespace provisor::test
