// SPDX-License-Identifier: Apache-2.0
#include "cli/one_pass.hpp"

#include "base/quantity.hpp"
#include "cli/progress_line.hpp"
#include "cli/table.hpp"
#include "pass/announce.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace provisor {
namespace {

Color color_of(Decision decision) {
    switch (decision) {
    case Decision::unchanged:
        return Color::dim;
    case Decision::fail:
        return Color::red;
    case Decision::hold:
    case Decision::rollback:
        return Color::yellow;
    case Decision::install:
    case Decision::update:
    case Decision::repair:
    case Decision::remove:
        break;
    }
    return Color::green;
}

/// Of what failed or waits: what is in force, and what the manifest wants in its place.
std::string versions(const Outcome& outcome) {
    const auto name = [](const std::string& version, const std::string& sha256) {
        return version.empty() ? sha256.substr(0, 12) : version;
    };
    const std::string now = name(outcome.version, outcome.sha256);
    const std::string before = name(outcome.previous_version, outcome.previous_sha256);
    if ((outcome.decision == Decision::fail && !is_installed(outcome)) ||
        outcome.decision == Decision::hold) {
        const bool other = !outcome.version.empty() && outcome.version != before;
        return other ? fmt::format("{} ({} wanted)", before.empty() ? "none" : before,
                                   outcome.version)
                     : before;
    }
    const bool moved =
        outcome.decision == Decision::update && outcome.sha256 != outcome.previous_sha256;
    return moved
               ? fmt::format("{} → {}", before, now == before ? outcome.sha256.substr(0, 12) : now)
               : now;
}

std::string details(const Outcome& outcome) {
    std::string text = outcome.error
                           ? fmt::format("{}: {}", to_string(outcome.error->kind()), outcome.reason)
                           : outcome.reason;
    if (outcome.bytes > 0)
        text += fmt::format(" ({} received)", format_byte_size(outcome.bytes));
    if (outcome.error)
        text += "; " + aftermath(outcome);
    if (!outcome.untrusted.empty() && text.find(outcome.untrusted) == std::string::npos)
        text += "; " + outcome.untrusted;
    for (const UnitOutcome& unit : outcome.units)
        text += unit.action == "none"
                    ? fmt::format("; {} {}", unit.name, unit.message)
                    : fmt::format("; {} {}: {}", unit.action, unit.name, unit.result);
    return text;
}

} // namespace

void show_report(const Context& context, const PassReport& report) {
    if (context.options.json) {
        print(to_json(report) + "\n");
        return;
    }
    const std::vector<SamePage> pages = same_pages(report);
    std::vector<std::vector<Cell>> rows;
    for (const Outcome& outcome : report.components) {
        if (outcome.decision == Decision::unchanged && context.options.verbosity < 0)
            continue;
        rows.push_back(
            {{outcome.name, Color::none},
             {std::string(to_string(outcome.decision)), color_of(outcome.decision)},
             {versions(outcome), Color::none},
             {is_among(pages, outcome) ? "sanity: a web page in place of the artifact, see below"
                                       : details(outcome),
              Color::none}});
    }
    if (!rows.empty())
        print(render_table({"COMPONENT", "DECISION", "VERSION", "WHY"}, rows,
                           context.colored(STDOUT_FILENO)));
    for (const SamePage& same : pages)
        print(describe(same) + "\n");
    for (const Outcome& outcome : report.components)
        if (outcome.lacks_validator && context.options.verbosity >= 0)
            print(hint_of(outcome) + "\n");
    if (context.options.verbosity >= 0)
        print(report.summary() + "\n");
}

PassReport run_locked(Context& context, const Settings& settings, const PassOptions& options) {
    const std::unique_ptr<Transfer> transfer = make_transfer(settings.config);
    const std::unique_ptr<UnitManager> units = make_unit_manager(context);
    const std::unique_ptr<Journal> journal = make_journal(context);
    Progress progress;
    const bool quiet = context.options.json || context.options.verbosity < 0;
    const ProgressLine line(progress, quiet ? ProgressLine::Show::no : ProgressLine::Show::yes);
    return run_pass(settings, context.paths, options,
                    {*transfer, *units, *journal, context.interrupt, progress, unpack_place()});
}

bool failed(const PassReport& report) {
    return std::any_of(report.components.begin(), report.components.end(),
                       [](const Outcome& outcome) { return outcome.error.has_value(); });
}

int report_locked() {
    complain("provisor: another pass is running; try again later, or wait for it with `apply "
             "--wait`");
    return exit_locked;
}

} // namespace provisor
