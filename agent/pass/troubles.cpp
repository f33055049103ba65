// SPDX-License-Identifier: Apache-2.0
#include "pass/troubles.hpp"

#include "base/file.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::uint64_t limit = 16ULL << 20;

std::filesystem::path file_of(const Paths& paths) { return paths.run_dir / "troubles.json"; }

/// As it is once it was written: for comparison.
std::optional<WallTime> seconds_of(std::optional<WallTime> time) {
    return time ? std::optional<WallTime>(std::chrono::floor<std::chrono::seconds>(*time)) : time;
}

std::optional<WallTime> time_in(const Json& item, const char* key) {
    const auto found = item.find(key);
    return found == item.end() || found->is_null() ? std::nullopt
                                                   : parse_rfc3339(found->get<std::string>());
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
            troubles[name] = {held ? Decision::hold : Decision::fail,
                              item.at("reason").get<std::string>(),
                              item.at("kind").get<std::string>(),
                              time_in(item, "since").value_or(WallTime{}),
                              time_in(item, "next_try"),
                              item.value("unchecked", false),
                              time_in(item, "last_check"),
                              time_in(item, "warned"),
                              item.value("untrusted", "")};
        }
    } catch (const std::exception&) {
        // Half a list would hide the other half; the next pass writes it again.
        return {};
    }
    return troubles;
}

std::map<std::string, Trouble> troubles_after(const std::map<std::string, Trouble>& before,
                                              const PassReport& report,
                                              std::optional<WallTime> last_pass) {
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
        if (waits)
            now[outcome.name].untrusted = outcome.untrusted;
        if (!troubled || waits)
            continue;
        Trouble trouble{outcome.decision,
                        outcome.reason,
                        outcome.error ? std::string(to_string(outcome.error->kind())) : "",
                        known != before.end() ? known->second.since : report.started,
                        seconds_of(outcome.next_try),
                        !outcome.checked};
        trouble.untrusted = outcome.untrusted;
        if (trouble.unchecked && known != before.end() && known->second.unchecked) {
            trouble.last_check = known->second.last_check;
            trouble.warned = known->second.warned;
        } else if (trouble.unchecked)
            trouble.last_check = outcome.last_check ? outcome.last_check : last_pass;
        now[outcome.name] = std::move(trouble);
    }
    return now;
}

void write_troubles(const Paths& paths, const std::map<std::string, Trouble>& before,
                    const std::map<std::string, Trouble>& now) {
    if (now == before)
        return;
    const auto time_or_null = [](const std::optional<WallTime>& time) {
        return time ? Json(format_rfc3339(*time)) : Json(nullptr);
    };
    Json components = Json::object();
    for (const auto& [name, trouble] : now)
        components[name] = {{"decision", to_string(trouble.decision)},
                            {"reason", trouble.reason},
                            {"kind", trouble.kind},
                            {"since", format_rfc3339(trouble.since)},
                            {"next_try", time_or_null(trouble.next_try)},
                            {"unchecked", trouble.unchecked},
                            {"last_check", time_or_null(trouble.last_check)},
                            {"warned", time_or_null(trouble.warned)},
                            {"untrusted", trouble.untrusted}};
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
