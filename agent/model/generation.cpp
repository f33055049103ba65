// SPDX-License-Identifier: Apache-2.0
#include "model/generation.hpp"

#include "base/sha256.hpp"
#include "model/component.hpp"
#include "model/whole_number.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;
constexpr int generations_schema = 1;
constexpr std::size_t least_digits = 8;

} // namespace

Generations with_newest(Generations generations, Generation newest, std::size_t limit) {
    std::erase_if(generations, [&](const Generation& one) {
        return one.marker.same_installation(newest.marker);
    });
    generations.push_back(std::move(newest));
    if (generations.size() > limit)
        generations.erase(generations.begin(),
                          generations.end() - static_cast<std::ptrdiff_t>(limit));
    return generations;
}

std::optional<Generation> find_generation(const Generations& generations, std::string_view wanted) {
    const auto found =
        std::find_if(generations.rbegin(), generations.rend(), [&](const Generation& one) {
            return one.version == wanted ||
                   (wanted.size() >= least_digits && one.marker.artifact.starts_with(wanted));
        });
    return found == generations.rend() ? std::nullopt : std::optional(*found);
}

std::string to_json(const Generations& generations) {
    Json list = Json::array();
    for (const Generation& one : generations)
        list.push_back({{"version", one.version},
                        {"url", one.url},
                        {"since", format_rfc3339(one.since)},
                        {"marker", Json::parse(to_json(one.marker))}});
    return Json{{"schema", generations_schema}, {"generations", list}}.dump(
               1, ' ', false, Json::error_handler_t::replace) +
           "\n";
}

Generations parse_generations(std::string_view text) {
    // Half a list could make a rollback go back too far.
    Generations generations;
    try {
        const Json json = Json::parse(text);
        if (whole_number<int>(json.at("schema")) != generations_schema)
            return {};
        for (const Json& item : json.at("generations")) {
            const auto marker = parse_marker(item.at("marker").dump());
            const auto since = parse_rfc3339(item.at("since").get<std::string>());
            if (!marker || !since)
                return {};
            generations.push_back({*marker, item.at("version").get<std::string>(),
                                   item.at("url").get<std::string>(), *since});
        }
    } catch (const std::exception&) {
        return {};
    }
    return generations;
}

std::string identity_of(const Marker& marker) {
    // NUL cannot be part of any of them.
    std::string text;
    const auto add = [&text](const std::string& value) {
        text += value;
        text += '\0';
    };
    add(marker.component);
    add(marker.artifact);
    for (const InstalledFile& file : marker.files) {
        add(file.path);
        add(file.sha256);
        add(std::to_string(file.mode));
        add(file.owner);
        add(file.group);
        // A path begins with "/", so it cannot be taken for these.
        if (!file.capabilities.empty())
            add(file.capabilities);
    }
    return sha256_of(text);
}

std::string how_judged(const Component& component) {
    // NUL cannot be part of any of them.
    std::string text;
    const auto add = [&text](const std::string& value) {
        text += value;
        text += '\0';
    };
    const HealthSpec& health = component.health;
    add(std::to_string(health.settle.count()));
    add(std::to_string(health.timeout.count()));
    add(health.http);
    add(health.tcp);
    for (const std::string& word : health.command)
        add(word);
    add("units");
    for (const UnitSpec& unit : component.units) {
        add(unit.name);
        add(std::to_string(static_cast<int>(unit.on_change)));
    }
    return sha256_of(text);
}

bool is_quarantined(const std::optional<Quarantine>& quarantine, const Component& component,
                    const Marker& wanted) {
    return quarantine && quarantine->installation == identity_of(wanted) &&
           quarantine->judged_by == how_judged(component);
}

} // namespace provisor
