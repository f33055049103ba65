// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/cache_rows_test.cpp
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/next_step.hpp"
#include "cli/overview.hpp"
#include "model/shown_url.hpp"
#include "pass/trust.hpp"
#include "store/cache.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;

/// What stands at a target compared with the marker, without reading more than is needed.
std::string state_of_file(const InstalledFile& file, const Overview& overview,
                          const Context& context) {
    try {
        const FoundFiles found = observe_files({file}, context.paths, overview.record,
                                               Rehash::when_touched, context.interrupt);
        const auto actual = found.files.find(file.path);
        if (actual == found.files.end())
            return "missing";
        if (actual->second.sha256 != file.sha256)
            return "changed";
        if (actual->second.capabilities != file.capabilities)
            return "capabilities changed";
        return actual->second == file ? "as installed" : "mode or owner changed";
    } catch (const Error& error) {
        return error.what();
    }
}

/// The key that signed what is installed, with its file in keys.d while it has one.
std::optional<KeyInForce> signer_of(const Overview& overview, const Context& context) {
    const std::string id = overview.installed ? overview.installed->signed_by : "";
    if (id.empty())
        return std::nullopt;
    KeyInForce signer{id, ""};
    for (const KeyInForce& key : keys_in_force(read_keys(context.paths)))
        if (key.id == id && (signer.file.empty() ||
                             (overview.component != nullptr && may_sign(*overview.component, key))))
            signer = key;
    return signer;
}

Json signer_to_json(const Overview& overview, const Context& context) {
    const std::optional<KeyInForce> signer = signer_of(overview, context);
    if (!signer)
        return nullptr;
    return {{"key", signer->id},
            {"file", signer->file.empty() ? Json(nullptr) : Json(signer->file)},
            {"trusted", overview.untrusted.empty()}};
}

std::string signer_in_words(const Overview& overview, const Context& context) {
    const std::optional<KeyInForce> signer = signer_of(overview, context);
    if (!signer)
        return "";
    return fmt::format("key {}{}{}", signer->id,
                       signer->file.empty() ? "" : fmt::format(" ({})", signer->file),
                       overview.untrusted.empty() ? "" : ", which is not trusted any more");
}

Json entry_to_json(const HistoryEntry& entry) {
    return {{"when", format_rfc3339(entry.when)},
            {"decision", to_string(entry.decision)},
            {"version", entry.version},
            {"sha256", entry.sha256},
            {"url", shown_url(entry.url)},
            {"reason", entry.reason},
            {"pass", entry.pass}};
}

std::optional<WallTime> last_change(const Overview& overview) {
    const std::vector<HistoryEntry>& history = overview.record.history;
    return history.empty() ? std::nullopt : std::optional(history.back().when);
}

Json to_json(const Overview& overview, const Context& context) {
    Json json{{"schema", 1},
              {"name", overview.name},
              {"state", overview.state},
              {"orphaned", overview.orphaned}};
    if (overview.component != nullptr) {
        json["manifest"] = {{"file", overview.component->place.file},
                            {"line", overview.component->place.line}};
        json["url"] = shown_url(overview.component->url);
        json["wanted_version"] = overview.component->version;
    }
    json["version"] = overview.version();
    json["sha256"] = overview.installed ? Json(overview.installed->artifact) : Json(nullptr);
    json["signed_by"] = signer_to_json(overview, context);
    json["untrusted"] = overview.untrusted.empty() ? Json(nullptr) : Json(overview.untrusted);
    Json files = Json::array();
    if (overview.installed)
        for (const InstalledFile& file : overview.installed->files) {
            files.push_back({{"path", file.path},
                             {"sha256", file.sha256},
                             {"mode", fmt::format("{:04o}", file.mode)},
                             {"owner", file.owner},
                             {"group", file.group},
                             {"state", state_of_file(file, overview, context)}});
            if (!file.capabilities.empty())
                files.back()["capabilities"] = file.capabilities;
        }
    json["files"] = files;
    json["activated"] = overview.activated && overview.installed &&
                        overview.activated->same_installation(*overview.installed);
    json["units"] = overview.units;
    json["hold"] = overview.hold ? Json(*overview.hold) : Json(nullptr);
    json["quarantine"] = nullptr;
    if (const auto& quarantine = overview.record.quarantine)
        json["quarantine"] = {{"version", quarantine->version},
                              {"sha256", quarantine->sha256},
                              {"since", format_rfc3339(quarantine->since)},
                              {"reason", quarantine->reason}};
    Json generations = Json::array();
    for (const Generation& generation : overview.generations)
        generations.push_back({{"version", generation.version},
                               {"sha256", generation.marker.artifact},
                               {"healthy_since", format_rfc3339(generation.since)},
                               {"url", shown_url(generation.url)},
                               {"found", generation.marker.found}});
    json["generations"] = generations;
    json["last_decision"] = overview.last_decision();
    const auto time_or_null = [](const std::optional<WallTime>& time) {
        return time ? Json(format_rfc3339(*time)) : Json(nullptr);
    };
    json["last_check"] = time_or_null(overview.last_check);
    json["overdue"] = !overview.overdue.empty();
    json["last_change"] = time_or_null(last_change(overview));
    const NextStep next = next_step(overview, wall_clock());
    json["next_step"] = {{"what", next.what}, {"not_before", time_or_null(next.not_before)}};
    json["next_pass"] = time_or_null(next_pass(*make_unit_manager(context)).when);
    Json history = Json::array();
    for (const HistoryEntry& entry : overview.record.history)
        history.push_back(entry_to_json(entry));
    json["history"] = history;
    return json;
}

void line(const char* name, const std::string& value) {
    // An origin may have a hand in it: a tag may turn the direction of writing.
    if (!value.empty())
        print(fmt::format("{:>15}: {}\n", name, printable(value)));
}

/// What keeps it back, and what it can go back to, the newest first.
void print_guards(const Overview& overview) {
    if (overview.hold)
        line("held", overview.hold->empty() ? "by an operator" : *overview.hold);
    if (const auto& quarantine = overview.record.quarantine)
        line("quarantined",
             fmt::format("{} since {}: {}", named_content(quarantine->version, quarantine->sha256),
                         format_rfc3339(quarantine->since), quarantine->reason));
    if (const auto& failed = overview.record.failed_check)
        line("failed check", fmt::format("{}; {}", failed->reason, in_words(failed->backoff)));
    const char* title = "healthy so far";
    for (auto one = overview.generations.rbegin(); one != overview.generations.rend(); ++one) {
        line(title, fmt::format("{} {} {}", named_content(one->version, one->marker.artifact),
                                one->url.empty() && !one->marker.found.empty()
                                    ? "stood there before the first installation,"
                                    : "since",
                                format_rfc3339(one->since)));
        title = "";
    }
}

void print_overview(const Overview& overview, const Context& context) {
    line("component", overview.name);
    line("state", overview.state);
    if (const Component* component = overview.component) {
        line("manifest", fmt::format("{}:{}", component->place.file, component->place.line));
        line("url", shown_url(component->url));
        line("wanted version", component->version);
        if (!component->sha256.empty())
            line("pinned", component->sha256);
        if (!component->sha512.empty())
            line("pinned", component->sha512);
        const Cache cache(context.paths.state_dir);
        if (const auto entry = cache.find(component->url)) {
            line("cached", fmt::format("{} ({})", entry->sha256, format_byte_size(entry->size)));
            line("validator", entry->validator.etag.empty() ? entry->validator.last_modified
                                                            : entry->validator.etag);
        }
    }
    line("version", overview.version());
    if (overview.installed) {
        line("content", overview.installed->artifact);
        line("signed by", signer_in_words(overview, context));
        for (const InstalledFile& file : overview.installed->files)
            line("file", fmt::format("{}  {:04o} {}:{}{}{}  {}", file.path, file.mode, file.owner,
                                     file.group, file.capabilities.empty() ? "" : " ",
                                     file.capabilities, state_of_file(file, overview, context)));
    }
    for (const Overview::Unit& unit : overview.units) {
        line("unit", fmt::format("{}  {}", unit.name, unit.state));
        for (const OldProcess& old : unit.old)
            line("", fmt::format("process {} still runs the {} of before; `systemctl restart {}` "
                                 "ends that",
                                 old.pid, old.path, unit.name));
    }
    if (overview.state == "installing")
        line("pending",
             "its units have not been activated with what is installed; the next pass does that");
    if (!overview.untrusted.empty())
        line("not trusted", overview.untrusted + "; " + remedy_of_untrusted(overview.name));
    print_guards(overview);
    line("last decision", overview.last_decision());
    if (overview.last_check)
        line("last check", format_rfc3339(*overview.last_check));
    line("overdue", overview.overdue);
    if (const auto when = last_change(overview))
        line("last change", format_rfc3339(*when));
    const NextStep next = next_step(overview, wall_clock());
    line("next step", next.not_before ? fmt::format("{}, by the first pass after {}", next.what,
                                                    format_rfc3339(*next.not_before))
                                      : next.what);
    line("next pass", next_pass(*make_unit_manager(context)).what);
    for (auto entry = overview.record.history.rbegin(); entry != overview.record.history.rend();
         ++entry)
        line(entry == overview.record.history.rbegin() ? "history" : "",
             fmt::format("{}  {:<8}  {}  {}  {}", format_rfc3339(entry->when),
                         to_string(entry->decision),
                         entry->version.empty() ? entry->sha256.substr(0, 12) : entry->version,
                         entry->reason, shown_url(entry->url)));
}

} // namespace

int command_show(Context& context, const std::string& name) {
    const Settings settings = load_or_complain(context);
    const Overview overview = gather_overviews(context, settings, {name}).front();
    if (context.options.json)
        print(to_json(overview, context).dump(2, ' ', false, Json::error_handler_t::replace) +
              "\n");
    else
        print_overview(overview, context);
    return exit_converged;
}

} // namespace provisor
