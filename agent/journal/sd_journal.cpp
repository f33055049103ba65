// SPDX-License-Identifier: Apache-2.0
#include "journal/sd_journal.hpp"

#include "journal/fields.hpp"
#include "journal/native.hpp"
#include "journal/send.hpp"

namespace provisor {
namespace {

class SdJournal : public Journal {
public:
    explicit SdJournal(bool debug) : debug_(debug) {}
    void write(const JournalEntry& entry) noexcept override {
        if (entry.priority != Priority::debug || debug_)
            send_to_journal(entry);
    }

private:
    bool debug_;
};

class NullJournal : public Journal {
public:
    void write(const JournalEntry& /*entry*/) noexcept override {}
};

} // namespace

void send_to_journal(const JournalEntry& entry) noexcept {
    try {
        // Nothing to do about a failure: there is no better place to complain.
        send_datagram(to_datagram(to_fields(entry)));
    } catch (...) {
        // Out of memory: the pass matters more than its record.
    }
}

std::unique_ptr<Journal> make_sd_journal(bool debug) { return std::make_unique<SdJournal>(debug); }

std::unique_ptr<Journal> make_null_journal() { return std::make_unique<NullJournal>(); }

} // namespace provisor
