// SPDX-License-Identifier: Apache-2.0
#include "pass/troubles.hpp"

#include "base/file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::uint64_t limit = 16ULL << 20;

std::filesystem::path file_of(const Paths& paths) { return paths.run_dir / "troubles.json"; }

/// The reason, and when a failure is tried again.
std::string with_next_try(const Outcome& outcome) {
    return outcome.error && outcome.next_try
               ? fmt::format("{}; next try at {}", outcome.reason,
                             format_rfc3339(*outcome.next_try))
               : outcome.reason;
}

} // namespace

std::map<std::string, Trouble> read_troubles(const Paths& paths) {
    std::map<std::string, Trouble> troubles;
    try {
        const std::optional<std::string> text = read_file(file_of(paths), limit);
        if (!text)
            return troubles;
        const Json json = Json::parse(*text);
        for (const auto& [name, item] : json.at("components").items()) {
            const bool held = item.at("decision").get<std::string>() == "hold";
            troubles[name] = {
                held ? Decision::hold : Decision::fail, item.at("reason").get<std::string>(),
                item.at("kind").get<std::string>(),
                parse_rfc3339(item.at("since").get<std::string>()).value_or(WallTime{})};
        }
    } catch (const std::exception&) {
        // Half a list would hide the other half; the next pass writes it anew.
        return {};
    }
    return troubles;
}

void update_troubles(const Paths& paths, const PassReport& report) {
    const std::map<std::string, Trouble> before = read_troubles(paths);
    std::map<std::string, Trouble> now = before;
    for (const Outcome& outcome : report.components) {
        const bool troubled =
            outcome.decision == Decision::fail || outcome.decision == Decision::hold;
        const auto known = before.find(outcome.name);
        // That a failure is waited out is no other trouble than the failure.
        const bool waits = outcome.decision == Decision::hold && outcome.after_failure &&
                           known != before.end() && known->second.decision == Decision::fail;
        if (!troubled)
            now.erase(outcome.name);
        else if (!waits)
            now[outcome.name] = {outcome.decision, with_next_try(outcome),
                                 outcome.error ? std::string(to_string(outcome.error->kind())) : "",
                                 known != before.end() ? known->second.since : report.started};
    }
    if (now == before)
        return;
    Json components = Json::object();
    for (const auto& [name, trouble] : now)
        components[name] = {{"decision", to_string(trouble.decision)},
                            {"reason", trouble.reason},
                            {"kind", trouble.kind},
                            {"since", format_rfc3339(trouble.since)}};
    try {
        const Json json{{"schema", 1}, {"components", components}};
        replace_file(file_of(paths),
                     json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n", 0644,
                     Durable::no);
    } catch (const Error& error) {
        spdlog::warn("`provisor status` will not know of this pass: {}", error.what());
    }
}

} // namespace provisor
