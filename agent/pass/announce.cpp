// SPDX-License-Identifier: Apache-2.0
#include "pass/announce.hpp"

#include "base/quantity.hpp"
#include "journal/message_ids.hpp"
#include "pass/trust.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace provisor {
namespace {

std::string installed_before(const Outcome& outcome) {
    return named_content(outcome.previous_version, outcome.previous_sha256);
}

Priority priority_of(Decision decision) {
    switch (decision) {
    case Decision::unchanged:
        return Priority::debug;
    case Decision::fail:
        return Priority::error;
    case Decision::rollback:
        return Priority::warning;
    case Decision::install:
    case Decision::update:
    case Decision::repair:
    case Decision::hold:
    case Decision::remove:
        break;
    }
    return Priority::notice;
}

std::string_view message_id_of(Decision decision) {
    switch (decision) {
    case Decision::unchanged:
        return message_id::unchanged;
    case Decision::install:
        return message_id::install;
    case Decision::update:
        return message_id::update;
    case Decision::repair:
        return message_id::repair;
    case Decision::rollback:
        return message_id::rollback;
    case Decision::hold:
        return message_id::hold;
    case Decision::remove:
        return message_id::remove;
    case Decision::fail:
        break;
    }
    return message_id::fail;
}

std::string number_or_nothing(std::uint64_t number) {
    return number == 0 ? "" : std::to_string(number);
}

/// Whether it needs no more words: that a failure is waited out was told with the failure, why else
/// a component is held with the first pass that did, and what is told on its own there.
bool is_told(const Outcome& outcome, const std::map<std::string, Trouble>& before) {
    if (outcome.decision != Decision::hold)
        return outcome.told && !outcome.untrusted.empty();
    const auto known = before.find(outcome.name);
    return outcome.told || outcome.after_failure ||
           (known != before.end() && known->second.decision == Decision::hold &&
            known->second.reason == outcome.reason);
}

JournalEntry decision_entry(const PassReport& report, const Outcome& outcome, Priority priority,
                            bool told) {
    JournalEntry entry{
        told ? Priority::debug : priority, describe(outcome), message_id_of(outcome.decision), {}};
    entry.fields = {{"PROVISOR_COMPONENT", outcome.name},
                    {"PROVISOR_DECISION", std::string(to_string(outcome.decision))},
                    {"PROVISOR_REASON", outcome.reason},
                    {"PROVISOR_PASS", report.id},
                    {"PROVISOR_URL", outcome.url},
                    {"PROVISOR_SHA256", outcome.sha256},
                    {"PROVISOR_PREVIOUS_SHA256", outcome.previous_sha256},
                    {"PROVISOR_VERSION", outcome.version},
                    {"PROVISOR_PREVIOUS_VERSION", outcome.previous_version},
                    {"PROVISOR_ETAG", outcome.etag},
                    {"PROVISOR_KEY_ID", outcome.signed_by},
                    {"PROVISOR_HTTP_STATUS",
                     number_or_nothing(static_cast<std::uint64_t>(outcome.http_status))},
                    {"PROVISOR_BYTES", std::to_string(outcome.bytes)},
                    {"PROVISOR_DURATION_USEC", std::to_string(outcome.duration.count())}};
    if (outcome.error)
        entry.fields.emplace_back("PROVISOR_ERROR_KIND",
                                  std::string(to_string(outcome.error->kind())));
    // Whatever is decided about a component is of interest to who asks for its unit.
    for (const std::string& unit : outcome.unit_names)
        entry.fields.emplace_back("OBJECT_SYSTEMD_UNIT", unit);
    return entry;
}

/// Whether the last pass said the same.
bool is_known_as_untrusted(const Outcome& outcome, const std::map<std::string, Trouble>& before) {
    const auto known = before.find(outcome.name);
    return known != before.end() && known->second.untrusted == outcome.untrusted;
}

JournalEntry untrusted_entry(const PassReport& report, const Outcome& outcome) {
    JournalEntry entry{
        Priority::error,
        fmt::format("{}: {}: its files stay as they are, and are neither repaired nor started by "
                    "provisor until other content replaces them; {}",
                    outcome.name, outcome.untrusted, remedy_of_untrusted(outcome.name)),
        message_id::untrusted,
        {}};
    entry.fields = {{"PROVISOR_COMPONENT", outcome.name},
                    {"PROVISOR_REASON", outcome.untrusted},
                    {"PROVISOR_PASS", report.id},
                    {"PROVISOR_SHA256", outcome.previous_sha256},
                    {"PROVISOR_VERSION", outcome.previous_version}};
    for (const std::string& unit : outcome.unit_names)
        entry.fields.emplace_back("OBJECT_SYSTEMD_UNIT", unit);
    return entry;
}

JournalEntry same_page_entry(const PassReport& report, const SamePage& same) {
    JournalEntry entry{Priority::error, describe(same), message_id::same_page, {}};
    entry.fields = {{"PROVISOR_PASS", report.id}, {"PROVISOR_REASON", same.page}};
    for (const Outcome* outcome : same.outcomes)
        entry.fields.emplace_back("PROVISOR_COMPONENT", outcome->name);
    return entry;
}

JournalEntry hint_entry(const PassReport& report, const Outcome& outcome) {
    JournalEntry entry{Priority::notice, hint_of(outcome), message_id::no_validator, {}};
    entry.fields = {{"PROVISOR_COMPONENT", outcome.name},
                    {"PROVISOR_PASS", report.id},
                    {"PROVISOR_URL", outcome.url}};
    return entry;
}

JournalEntry unit_entry(const PassReport& report, const Outcome& outcome, const UnitOutcome& unit) {
    const bool done = unit.result == "done";
    // Its version is that of what is wanted, where that is not put in place.
    const bool is_kept = outcome.decision == Decision::hold || outcome.decision == Decision::fail;
    const std::string& version = is_kept && outcome.sha256 == outcome.previous_sha256
                                     ? outcome.previous_version
                                     : outcome.version;
    const bool was_taken_back = !unit.sha256.empty() && unit.sha256 != outcome.sha256;
    JournalEntry entry{done ? Priority::notice : Priority::error,
                       fmt::format("{}: {} {}: {}{}, because {} {} {}", outcome.name, unit.action,
                                   unit.name, unit.result,
                                   unit.message.empty() ? "" : fmt::format(" ({})", unit.message),
                                   outcome.name, was_taken_back ? "was then" : "is now",
                                   was_taken_back ? named_content(unit.version, unit.sha256)
                                                  : named_content(version, outcome.sha256)),
                       message_id::unit_action,
                       {}};
    entry.fields = {{"PROVISOR_COMPONENT", outcome.name},
                    {"PROVISOR_DECISION", std::string(to_string(outcome.decision))},
                    {"PROVISOR_PASS", report.id},
                    {"PROVISOR_UNIT_ACTION", unit.action},
                    {"PROVISOR_UNIT_RESULT", unit.result},
                    {"OBJECT_SYSTEMD_UNIT", unit.name}};
    return entry;
}

} // namespace

std::string describe(const Outcome& outcome) {
    const std::string now = named_content(outcome.version, outcome.sha256);
    const std::string before = installed_before(outcome);
    const std::string transferred =
        outcome.bytes > 0 ? fmt::format(", {} transferred", format_byte_size(outcome.bytes)) : "";
    switch (outcome.decision) {
    case Decision::unchanged:
        return fmt::format("{}: unchanged: {}", outcome.name, outcome.reason);
    case Decision::install:
        return fmt::format("{}: installed {}: {}{}", outcome.name, now, outcome.reason,
                           transferred);
    case Decision::update:
        if (outcome.sha256 == outcome.previous_sha256)
            return fmt::format("{}: updated {}: {}", outcome.name, now, outcome.reason);
        return fmt::format("{}: updated {} to {}: {}{}", outcome.name, before, now, outcome.reason,
                           transferred);
    case Decision::repair:
        return fmt::format("{}: repaired {}: {}{}", outcome.name, now, outcome.reason, transferred);
    case Decision::rollback:
        return fmt::format("{}: rolled back to {}: {}", outcome.name, now, outcome.reason);
    case Decision::hold:
        return fmt::format("{}: held: {}", outcome.name, outcome.reason);
    case Decision::remove:
        return fmt::format("{}: removed: {}", outcome.name, outcome.reason);
    case Decision::fail:
        break;
    }
    return fmt::format("{}: failed ({}): {}; {}", outcome.name,
                       outcome.error ? to_string(outcome.error->kind()) : "io", outcome.reason,
                       aftermath(outcome));
}

bool is_installed(const Outcome& outcome) {
    return outcome.error &&
           (outcome.error->kind() == ErrorKind::unit || outcome.error->kind() == ErrorKind::health);
}

std::string aftermath(const Outcome& outcome) {
    const std::string before = installed_before(outcome);
    std::string text = "nothing was installed before";
    if (is_installed(outcome))
        text = named_content(outcome.version, outcome.sha256) + " is in place";
    else if (!before.empty())
        text = before + " stays in place";
    if (outcome.decision == Decision::fail && outcome.error &&
        outcome.error->kind() == ErrorKind::unit && !outcome.next_try)
        text += ", and the next pass tries its units again";
    return outcome.next_try
               ? fmt::format("{}; next try at {}", text, format_rfc3339(*outcome.next_try))
               : text;
}

std::vector<SamePage> same_pages(const PassReport& report) {
    std::vector<SamePage> pages;
    for (const Outcome& outcome : report.components) {
        if (!outcome.error || outcome.error->web_page.empty())
            continue;
        const std::string& page = outcome.error->web_page;
        auto same = std::find_if(pages.begin(), pages.end(),
                                 [&](const SamePage& one) { return one.page == page; });
        if (same == pages.end())
            same = pages.insert(same, {page, {}});
        same->outcomes.push_back(&outcome);
    }
    std::erase_if(pages, [](const SamePage& one) { return one.outcomes.size() < 2; });
    return pages;
}

bool is_among(const std::vector<SamePage>& pages, const Outcome& outcome) {
    return std::any_of(pages.begin(), pages.end(), [&](const SamePage& same) {
        return std::find(same.outcomes.begin(), same.outcomes.end(), &outcome) !=
               same.outcomes.end();
    });
}

std::string describe(const SamePage& same) {
    std::string names;
    std::optional<WallTime> next;
    for (const Outcome* outcome : same.outcomes) {
        names += (names.empty() ? "" : ", ") + outcome->name;
        if (outcome->next_try && (!next || *outcome->next_try < *next))
            next = outcome->next_try;
    }
    return fmt::format("{} components got {}, in place of their artifacts: does the network want a "
                       "login, or is their origin in trouble? What was installed stays in "
                       "place{}: {}",
                       same.outcomes.size(), same.page,
                       next ? fmt::format("; next try at {}", format_rfc3339(*next)) : "", names);
}

std::string hint_of(const Outcome& outcome) {
    if (!outcome.lacks_validator)
        return "";
    return fmt::format(
        "{}: the origin of '{}' sends neither an ETag nor a Last-Modified that could be sent back, "
        "so that each pass takes the whole body ({}) to find that nothing has changed; let it send "
        "an ETag (a strong one is also what a cut transfer is continued by), or pin the content "
        "with sha256",
        outcome.name, outcome.url, format_byte_size(outcome.bytes));
}

void announce(const PassReport& report, const std::map<std::string, Trouble>& before,
              Journal& journal) {
    const std::vector<SamePage> pages = same_pages(report);
    for (const SamePage& same : pages)
        journal.write(same_page_entry(report, same));
    for (const Outcome& outcome : report.components) {
        journal.write(decision_entry(report, outcome,
                                     is_among(pages, outcome) ? Priority::info
                                                              : priority_of(outcome.decision),
                                     is_told(outcome, before)));
        for (const UnitOutcome& unit : outcome.units)
            if (unit.action != "none")
                journal.write(unit_entry(report, outcome, unit));
        if (!outcome.untrusted.empty() && !is_known_as_untrusted(outcome, before))
            journal.write(untrusted_entry(report, outcome));
        if (outcome.lacks_validator)
            journal.write(hint_entry(report, outcome));
    }
    JournalEntry summary{Priority::info, report.summary(), message_id::pass_summary, {}};
    summary.fields = {{"PROVISOR_PASS", report.id},
                      {"PROVISOR_BYTES", std::to_string(report.bytes)},
                      {"PROVISOR_DURATION_USEC", std::to_string(report.duration.count())}};
    journal.write(summary);
}

void announce_diagnostics(const Settings& settings, const std::string& pass_id, Journal& journal) {
    for (const Diagnostic& error : settings.manifest_errors)
        journal.write({Priority::error,
                       to_text(error),
                       message_id::manifest_error,
                       {{"PROVISOR_PASS", pass_id}, {"PROVISOR_FILE", error.place.file}}});
    for (const Diagnostic& error : settings.config_errors)
        journal.write({Priority::error,
                       to_text(error),
                       message_id::config_error,
                       {{"PROVISOR_FILE", error.place.file}}});
}

} // namespace provisor
