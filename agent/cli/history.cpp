// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/overview.hpp"
#include "cli/table.hpp"
#include "model/shown_url.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;

struct Line {
    std::string component;
    HistoryEntry entry;
};

std::vector<Line> gather_lines(const std::vector<Overview>& overviews) {
    std::vector<Line> lines;
    for (const Overview& overview : overviews)
        for (const HistoryEntry& entry : overview.record.history)
            lines.push_back({overview.name, entry});
    std::stable_sort(lines.begin(), lines.end(), [](const Line& one, const Line& other) {
        return one.entry.when < other.entry.when;
    });
    return lines;
}

} // namespace

int command_history(Context& context, const std::string& name) {
    const Settings settings = load_or_complain(context);
    const std::vector<Line> lines = gather_lines(gather_overviews(
        context, settings, name.empty() ? std::vector<std::string>{} : std::vector{name}));
    if (context.options.json) {
        Json list = Json::array();
        for (const auto& [component, entry] : lines)
            list.push_back({{"component", component},
                            {"when", format_rfc3339(entry.when)},
                            {"decision", to_string(entry.decision)},
                            {"version", entry.version},
                            {"sha256", entry.sha256},
                            {"url", shown_url(entry.url)},
                            {"reason", entry.reason},
                            {"pass", entry.pass}});
        print(Json{{"schema", 1}, {"history", list}}.dump(2, ' ', false,
                                                          Json::error_handler_t::replace) +
              "\n");
        return exit_converged;
    }
    std::vector<std::vector<Cell>> rows;
    for (const auto& [component, entry] : lines)
        rows.push_back({{format_rfc3339(entry.when), Color::none},
                        {component, Color::none},
                        {std::string(to_string(entry.decision)), Color::none},
                        {entry.version.empty() ? "-" : printable(entry.version, 40), Color::none},
                        {entry.sha256.substr(0, 12), Color::none},
                        {printable(entry.reason, 200), Color::none},
                        {shown_url(entry.url), Color::none}});
    if (rows.empty())
        print("Nothing was installed yet.\n");
    else
        print(render_table({"WHEN", "COMPONENT", "DECISION", "VERSION", "CONTENT", "WHY", "FROM"},
                           rows, context.colored(STDOUT_FILENO)));
    return exit_converged;
}

} // namespace provisor
