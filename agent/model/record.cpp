// SPDX-License-Identifier: Apache-2.0
#include "model/record.hpp"
#include "model/whole_number.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;

Decision decision_from(const std::string& word) {
    static constexpr std::array all{Decision::unchanged, Decision::install,  Decision::update,
                                    Decision::repair,    Decision::rollback, Decision::hold,
                                    Decision::remove,    Decision::fail};
    for (const Decision decision : all)
        if (to_string(decision) == word)
            return decision;
    throw std::invalid_argument("not a decision");
}

Json to_json(const Quarantine& quarantine) {
    Json json{{"installation", quarantine.installation},
              {"judged_by", quarantine.judged_by},
              {"sha256", quarantine.sha256},
              {"version", quarantine.version},
              {"reason", quarantine.reason},
              {"since", format_rfc3339(quarantine.since)}};
    if (!quarantine.sha512.empty())
        json["sha512"] = quarantine.sha512;
    return json;
}

std::optional<Quarantine> parse_quarantine(const Json& json) {
    const auto since = parse_rfc3339(json.at("since").get<std::string>());
    return Quarantine{json.at("installation").get<std::string>(),
                      json.at("judged_by").get<std::string>(),
                      json.at("sha256").get<std::string>(),
                      json.at("version").get<std::string>(),
                      json.at("reason").get<std::string>(),
                      since.value_or(WallTime{}),
                      json.value("sha512", "")};
}

Json to_json(const Backoff& backoff) {
    Json json{{"failures", backoff.failures},
              {"until", backoff.until == WallTime::max() ? Json(nullptr)
                                                         : Json(format_rfc3339(backoff.until))},
              {"wanted", backoff.wanted}};
    if (backoff.last_check)
        json["last_check"] = format_rfc3339(*backoff.last_check);
    return json;
}

std::optional<Backoff> parse_backoff(const Json& json) {
    const Json& until = json.at("until");
    const auto time = until.is_null() ? WallTime::max() : parse_rfc3339(until.get<std::string>());
    if (!time)
        return std::nullopt;
    return Backoff{whole_number<unsigned>(json.at("failures")), *time,
                   json.at("wanted").get<std::string>(),
                   parse_rfc3339(json.value("last_check", ""))};
}

std::optional<FailedCheck> parse_failed_check(const Json& json) {
    const auto backoff = parse_backoff(json.at("backoff"));
    if (!backoff)
        return std::nullopt;
    return FailedCheck{json.at("installation").get<std::string>(),
                       json.at("reason").get<std::string>(), *backoff};
}

std::optional<FlipFlopHold> parse_flip_flop(const Json& json) {
    const auto until = parse_rfc3339(json.at("until").get<std::string>());
    if (!until)
        return std::nullopt;
    return FlipFlopHold{*until, Duration(whole_number<Duration::rep>(json.at("duration_us"))),
                        json.at("reason").get<std::string>()};
}

} // namespace

void Record::remember(HistoryEntry entry) {
    history.push_back(std::move(entry));
    if (history.size() > history_limit)
        history.erase(history.begin(), history.end() - static_cast<std::ptrdiff_t>(history_limit));
}

std::string Record::last_change() const {
    return history.empty() || history.back().decision == Decision::remove ? ""
                                                                          : history.back().sha256;
}

const HashedFile* Record::find_hashed(std::string_view path) const {
    const auto found = std::find_if(hashed.begin(), hashed.end(),
                                    [&](const auto& file) { return file.path == path; });
    return found == hashed.end() ? nullptr : &*found;
}

const HistoryEntry* Record::last_with(std::string_view sha256) const {
    const auto found =
        std::find_if(history.rbegin(), history.rend(), [&](const HistoryEntry& entry) {
            return entry.sha256 == sha256 && entry.decision != Decision::repair;
        });
    return found == history.rend() ? nullptr : &*found;
}

std::optional<std::string> Record::found_version(std::string_view key) const {
    const auto found = std::find_if(found_versions.begin(), found_versions.end(),
                                    [&](const auto& one) { return one.key == key; });
    return found == found_versions.end() ? std::nullopt : std::optional(found->version);
}

void Record::remember_version(FoundVersion found) {
    std::erase_if(found_versions, [&](const auto& one) { return one.key == found.key; });
    found_versions.push_back(std::move(found));
    if (found_versions.size() > found_limit)
        found_versions.erase(found_versions.begin());
}

std::string to_json(const Record& record) {
    Json hashed = Json::array();
    for (const HashedFile& file : record.hashed)
        hashed.push_back({{"path", file.path},
                          {"sha256", file.sha256},
                          {"device", file.fingerprint.device},
                          {"inode", file.fingerprint.inode},
                          {"size", file.fingerprint.size},
                          {"mtime_ns", file.fingerprint.mtime_ns},
                          {"ctime_ns", file.fingerprint.ctime_ns}});
    Json history = Json::array();
    for (const HistoryEntry& entry : record.history)
        history.push_back({{"when", format_rfc3339(entry.when)},
                           {"decision", to_string(entry.decision)},
                           {"version", entry.version},
                           {"sha256", entry.sha256},
                           {"url", entry.url},
                           {"reason", entry.reason},
                           {"pass", entry.pass}});
    Json json{{"schema", 1}, {"hashed", hashed}, {"history", history}};
    if (!record.highest_version.empty())
        json["highest_version"] = record.highest_version;
    if (record.latest_signature != 0)
        json["latest_signature"] = record.latest_signature;
    if (!record.healthy.empty())
        json["healthy"] = record.healthy;
    if (record.quarantine)
        json["quarantine"] = to_json(*record.quarantine);
    if (const auto& hold = record.flip_flop)
        json["flip_flop"] = {{"until", format_rfc3339(hold->until)},
                             {"duration_us", hold->duration.count()},
                             {"reason", hold->reason}};
    if (const auto& backoff = record.backoff)
        json["backoff"] = to_json(*backoff);
    if (const auto& failed = record.failed_check)
        json["failed_check"] = {{"installation", failed->installation},
                                {"reason", failed->reason},
                                {"backoff", to_json(failed->backoff)}};
    if (record.raw)
        json["raw"] = true;
    for (const FoundVersion& found : record.found_versions)
        json["found_versions"].push_back({{"key", found.key}, {"version", found.version}});
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Record parse_record(std::string_view text) {
    Record record;
    try {
        const Json json = Json::parse(text);
        for (const Json& item : json.at("hashed")) {
            HashedFile file;
            file.path = item.at("path").get<std::string>();
            file.sha256 = item.at("sha256").get<std::string>();
            file.fingerprint = {whole_number<std::uint64_t>(item.at("device")),
                                whole_number<std::uint64_t>(item.at("inode")),
                                whole_number<std::uint64_t>(item.at("size")),
                                whole_number<std::int64_t>(item.at("mtime_ns")),
                                whole_number<std::int64_t>(item.at("ctime_ns"))};
            record.hashed.push_back(std::move(file));
        }
        record.highest_version = json.value("highest_version", "");
        if (const auto item = json.find("latest_signature"); item != json.end())
            record.latest_signature = whole_number<std::int64_t>(*item);
        record.healthy = json.value("healthy", "");
        record.raw = json.value("raw", false);
        if (const auto item = json.find("quarantine"); item != json.end())
            record.quarantine = parse_quarantine(*item);
        if (const auto item = json.find("flip_flop"); item != json.end())
            record.flip_flop = parse_flip_flop(*item);
        if (const auto item = json.find("backoff"); item != json.end())
            record.backoff = parse_backoff(*item);
        if (const auto item = json.find("failed_check"); item != json.end())
            record.failed_check = parse_failed_check(*item);
        if (const auto items = json.find("found_versions"); items != json.end())
            for (const Json& item : *items)
                record.found_versions.push_back(
                    {item.at("key").get<std::string>(), item.at("version").get<std::string>()});
        for (const Json& item : json.at("history")) {
            HistoryEntry entry;
            const auto when = parse_rfc3339(item.at("when").get<std::string>());
            if (!when)
                continue;
            entry.when = *when;
            entry.decision = decision_from(item.at("decision").get<std::string>());
            entry.version = item.at("version").get<std::string>();
            entry.sha256 = item.at("sha256").get<std::string>();
            entry.url = item.at("url").get<std::string>();
            entry.reason = item.at("reason").get<std::string>();
            entry.pass = item.at("pass").get<std::string>();
            record.history.push_back(std::move(entry));
        }
    } catch (const std::exception&) {
        // A record may be lost without harm; a half-read one would be worse than none.
        return {};
    }
    return record;
}

} // namespace provisor
