// SPDX-License-Identifier: Apache-2.0
#include "pass/overdue.hpp"

#include "base/quantity.hpp"
#include "journal/message_ids.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

constexpr Duration told_for = std::chrono::hours(24);

} // namespace

bool is_overdue(WallTime last_check, Duration max_age, WallTime now) {
    return max_age > Duration::zero() && now - last_check > max_age;
}

std::string describe_overdue(WallTime last_check, Duration max_age) {
    return fmt::format("not checked with its origin since {}, longer than max_age ({})",
                       format_rfc3339(last_check), format_time_span(max_age));
}

std::vector<std::string> take_overdue(std::map<std::string, Trouble>& troubles,
                                      const PassReport& report, Duration max_age, WallTime now) {
    std::vector<std::string> names;
    for (const Outcome& outcome : report.components) {
        const auto found = troubles.find(outcome.name);
        if (found == troubles.end() || !found->second.unchecked)
            continue;
        Trouble& trouble = found->second;
        if (!is_overdue(trouble.last_check.value_or(trouble.since), max_age, now))
            continue;
        // A clock that was set back must not silence it.
        if (trouble.warned && now - *trouble.warned < told_for && *trouble.warned <= now)
            continue;
        trouble.warned = std::chrono::floor<std::chrono::seconds>(now);
        names.push_back(outcome.name);
    }
    return names;
}

void announce_overdue(const std::vector<std::string>& names,
                      const std::map<std::string, Trouble>& troubles, Duration max_age,
                      const PassReport& report, Journal& journal) {
    for (const std::string& name : names) {
        const Trouble& trouble = troubles.at(name);
        JournalEntry entry{
            Priority::warning,
            fmt::format("{}: {}: {}", name,
                        describe_overdue(trouble.last_check.value_or(trouble.since), max_age),
                        trouble.reason),
            message_id::overdue,
            {}};
        entry.fields = {{"PROVISOR_COMPONENT", name},
                        {"PROVISOR_REASON", trouble.reason},
                        {"PROVISOR_PASS", report.id}};
        journal.write(entry);
    }
}

} // namespace provisor
