// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/output_rows_test.cpp
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/overview.hpp"
#include "cli/table.hpp"
#include "pass/trust.hpp"
#include "pass/unread_files.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;

Color color_of(const std::string& state) {
    if (state == "error")
        return Color::red;
    if (state == "held" || state == "installing")
        return Color::yellow;
    return state == "installed" ? Color::green : Color::none;
}

std::string units_in_words(const Overview& overview) {
    std::string text;
    for (const Overview::Unit& unit : overview.units)
        text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", unit.name, unit.state,
                            unit.old.empty() ? "" : ", on an older file");
    return text.empty() ? "-" : text;
}

std::vector<Cell> row_of(const Overview& overview) {
    const HistoryEntry* installation = overview.installation();
    const std::string version = overview.version();
    return {{overview.name, Color::none},
            {overview.state, color_of(overview.state)},
            {version.empty() ? "-" : printable(version, 40), Color::none},
            {overview.installed ? overview.installed->artifact.substr(0, 12) : "-", Color::none},
            {installation != nullptr ? ago(installation->when, wall_clock()) : "-", Color::none},
            {units_in_words(overview), Color::none},
            {printable(overview.last_decision(160), 400) +
                 (overview.overdue.empty() ? "" : "; " + overview.overdue),
             overview.overdue.empty() ? Color::none : Color::yellow}};
}

Json to_json(const Overview& overview) {
    const HistoryEntry* installation = overview.installation();
    return {{"name", overview.name},
            {"state", overview.state},
            {"orphaned", overview.orphaned},
            {"version", overview.version()},
            {"sha256", overview.installed ? Json(overview.installed->artifact) : Json(nullptr)},
            {"since",
             installation != nullptr ? Json(format_rfc3339(installation->when)) : Json(nullptr)},
            {"units", Json(overview.units)},
            {"last_decision", overview.last_decision()},
            {"last_check",
             overview.last_check ? Json(format_rfc3339(*overview.last_check)) : Json(nullptr)},
            {"overdue", !overview.overdue.empty()},
            {"untrusted", overview.untrusted.empty() ? Json(nullptr) : Json(overview.untrusted)},
            {"next_try", overview.trouble && overview.trouble->next_try
                             ? Json(format_rfc3339(*overview.trouble->next_try))
                             : Json(nullptr)}};
}

void print_files(const Settings& settings, const std::vector<UnreadFile>& unread) {
    for (const ShadowedFile& shadow : settings.shadowed)
        print(fmt::format("\n{} is {} by {}", shadow.file.string(),
                          shadow.masked ? "masked" : "replaced", shadow.by.string()));
    for (const auto& file : settings.failed_files)
        print(fmt::format("\n{} has errors: its components stay as they were (`provisor check`)",
                          file.string()));
    for (const UnreadFile& one : unread)
        print(one.remedy.empty()
                  ? "\n" + one.why
                  : fmt::format("\n{} {}; {}", one.file.string(), one.why, one.remedy));
    if (!settings.shadowed.empty() || !settings.failed_files.empty() || !unread.empty())
        print("\n");
}

Json files_to_json(const Settings& settings, const std::vector<UnreadFile>& unread) {
    Json shadowed = Json::array();
    for (const ShadowedFile& shadow : settings.shadowed)
        shadowed.push_back({{"file", shadow.file.string()},
                            {"by", shadow.by.string()},
                            {"masked", shadow.masked}});
    Json failed = Json::array();
    for (const auto& file : settings.failed_files)
        failed.push_back(file.string());
    Json not_read = Json::array();
    for (const UnreadFile& one : unread)
        not_read.push_back({{"file", one.file.string()}, {"why", one.why}, {"remedy", one.remedy}});
    return {{"shadowed", shadowed}, {"failed", failed}, {"unread", not_read}};
}

/// What is in the directories of the configuration, and of no effect there.
std::vector<UnreadFile> unread_files(const Paths& paths) {
    std::vector<UnreadFile> unread = find_unread_files(paths);
    for (const std::string& problem : read_keys(paths).problems)
        unread.push_back({paths.keys_dir, problem, ""});
    return unread;
}

/// And not because an operator went back from it.
bool is_quarantined_as_bad(const Trouble& trouble) {
    return trouble.reason.starts_with("quarantined:") &&
           !trouble.reason.starts_with("quarantined: an operator");
}

/// Whether something failed, or waits for what failed.
bool is_failing(const std::vector<Overview>& overviews, const Settings& settings) {
    return !settings.failed_files.empty() ||
           std::any_of(overviews.begin(), overviews.end(), [](const Overview& overview) {
               if (overview.state == "error")
                   return true;
               const auto& trouble = overview.trouble;
               return trouble &&
                      (trouble->reason.starts_with("backoff:") || is_quarantined_as_bad(*trouble) ||
                       (trouble->reason.starts_with("after:") &&
                        trouble->reason.find(" failed: ") != std::string::npos));
           });
}

} // namespace

int command_status(Context& context, const StatusOptions& options) {
    const Settings settings = load_or_complain(context);
    const std::vector<Overview> overviews = gather_overviews(context, settings, options.names);
    const int status =
        options.exit_code && is_failing(overviews, settings) ? exit_failed : exit_converged;
    const std::vector<UnreadFile> unread = unread_files(context.paths);
    if (context.options.json) {
        Json components = Json::array();
        for (const Overview& overview : overviews)
            components.push_back(to_json(overview));
        const Json json{{"schema", 1},
                        {"components", components},
                        {"manifests", files_to_json(settings, unread)}};
        print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
        return status;
    }
    if (overviews.empty())
        print(fmt::format("No components. Manifests go to {}/*.yaml; see provisor-manifest(5).\n",
                          context.paths.manifest_dirs.back().string()));
    std::vector<std::vector<Cell>> rows;
    rows.reserve(overviews.size());
    for (const Overview& overview : overviews)
        rows.push_back(row_of(overview));
    if (!rows.empty())
        print(render_table(
            {"COMPONENT", "STATE", "VERSION", "CONTENT", "SINCE", "UNIT", "LAST DECISION"}, rows,
            context.colored(STDOUT_FILENO)));
    if (const std::string checks = describe_checks(overviews, wall_clock()); !checks.empty())
        print("\n" + checks + "\n");
    print_files(settings, unread);
    return status;
}

} // namespace provisor
