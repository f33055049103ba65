// SPDX-License-Identifier: Apache-2.0
#include "model/report.hpp"

#include "base/quantity.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t milliseconds(Duration span) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

Json error_to_json(const std::optional<Error>& error) {
    if (!error)
        return nullptr;
    Json json{{"kind", to_string(error->kind())}, {"message", error->what()}};
    json["url"] = error->url.empty() ? Json(nullptr) : Json(error->url);
    json["http_status"] = error->http_status == 0 ? Json(nullptr) : Json(error->http_status);
    return json;
}

Json outcome_to_json(const Outcome& outcome) {
    Json units = Json::array();
    for (const UnitOutcome& unit : outcome.units) {
        Json told{{"name", unit.name}, {"action", unit.action}, {"result", unit.result}};
        if (!unit.message.empty())
            told["message"] = unit.message;
        units.push_back(std::move(told));
    }
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? Json(nullptr) : Json(text);
    };
    return {
        {"name", outcome.name},
        {"decision", to_string(outcome.decision)},
        {"reason", outcome.reason},
        {"version", text_or_null(outcome.version)},
        {"previous_version", text_or_null(outcome.previous_version)},
        {"sha256", text_or_null(outcome.sha256)},
        {"previous_sha256", text_or_null(outcome.previous_sha256)},
        {"url", text_or_null(outcome.url)},
        {"http_status", outcome.http_status == 0 ? Json(nullptr) : Json(outcome.http_status)},
        {"bytes", outcome.bytes},
        {"duration_ms", milliseconds(outcome.duration)},
        {"units", units},
        {"error", error_to_json(outcome.error)},
        {"next_try", outcome.next_try ? Json(format_rfc3339(*outcome.next_try)) : Json(nullptr)},
        {"untrusted", text_or_null(outcome.untrusted)}};
}

std::string plural(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

} // namespace

std::string_view to_string(Decision decision) {
    switch (decision) {
    case Decision::unchanged:
        return "unchanged";
    case Decision::install:
        return "install";
    case Decision::update:
        return "update";
    case Decision::repair:
        return "repair";
    case Decision::rollback:
        return "rollback";
    case Decision::hold:
        return "hold";
    case Decision::remove:
        return "remove";
    case Decision::fail:
        return "fail";
    }
    return "fail";
}

std::string named_content(const std::string& version, const std::string& sha256) {
    constexpr std::size_t shown_digits = 12;
    const std::string digest = sha256.substr(0, shown_digits);
    if (digest.empty())
        return version;
    return version.empty() ? digest : fmt::format("{} ({})", version, digest);
}

std::optional<WallTime> PassReport::next_try() const {
    std::optional<WallTime> earliest;
    for (const Outcome& outcome : components)
        if (outcome.next_try && (!earliest || *outcome.next_try < *earliest))
            earliest = outcome.next_try;
    return earliest;
}

bool PassReport::all_unchanged() const {
    return failed_files == 0 &&
           std::all_of(components.begin(), components.end(), [](const Outcome& outcome) {
               return outcome.decision == Decision::unchanged;
           });
}

std::string PassReport::summary() const {
    static constexpr std::array order{Decision::unchanged, Decision::install,  Decision::update,
                                      Decision::repair,    Decision::rollback, Decision::hold,
                                      Decision::remove,    Decision::fail};
    std::string counts;
    for (const Decision decision : order) {
        const auto count =
            std::count_if(components.begin(), components.end(),
                          [&](const Outcome& outcome) { return outcome.decision == decision; });
        if (count > 0)
            counts +=
                fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, to_string(decision));
    }
    std::string text = plural(components.size(), "component", "components");
    if (!counts.empty())
        text += ": " + counts;
    text += "; " + plural(requests, "request", "requests");
    if (transferred > 0)
        text += fmt::format(", {} ({})", plural(transferred, "body", "bodies"),
                            format_byte_size(bytes));
    if (restarts > 0)
        text += ", " + plural(restarts, "unit job", "unit jobs");
    if (failed_files > 0)
        text +=
            ", " + plural(failed_files, "manifest file with errors", "manifest files with errors");
    // A span of zero would be "0", which nobody takes for a time.
    const auto took = std::max<std::chrono::milliseconds>(
        std::chrono::milliseconds(milliseconds(duration)), std::chrono::milliseconds(1));
    return text + fmt::format(", {}", format_time_span(took));
}

std::string to_json(const PassReport& report) {
    Json components = Json::array();
    for (const Outcome& outcome : report.components)
        components.push_back(outcome_to_json(outcome));
    const Json json{{"schema", 1},
                    {"pass",
                     {{"id", report.id},
                      {"started", format_rfc3339(report.started)},
                      {"duration_ms", milliseconds(report.duration)},
                      {"requests", report.requests},
                      {"transferred", report.transferred},
                      {"bytes", report.bytes},
                      {"restarts", report.restarts}}},
                    {"components", components}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

} // namespace provisor
