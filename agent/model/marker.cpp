// SPDX-License-Identifier: Apache-2.0
#include "model/marker.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "model/capabilities.hpp"
#include "model/syntax.hpp"
#include "model/whole_number.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

constexpr int schema = 1;
using Json = nlohmann::ordered_json;

Json files_to_json(const std::vector<InstalledFile>& files) {
    Json list = Json::array();
    for (const InstalledFile& file : files) {
        list.push_back({{"path", file.path},
                        {"sha256", file.sha256},
                        {"mode", fmt::format("{:04o}", file.mode)},
                        {"owner", file.owner},
                        {"group", file.group}});
        if (!file.capabilities.empty())
            list.back()["capabilities"] = file.capabilities;
    }
    return list;
}

std::vector<InstalledFile> files_from_json(const Json& list) {
    std::vector<InstalledFile> files;
    for (const Json& item : list) {
        InstalledFile file;
        file.path = item.at("path").get<std::string>();
        file.sha256 = item.at("sha256").get<std::string>();
        const auto mode = parse_mode(item.at("mode").get<std::string>());
        file.owner = item.at("owner").get<std::string>();
        file.group = item.at("group").get<std::string>();
        // An older libcap may have known a capability by its number alone.
        file.capabilities = normal_capabilities(item.value("capabilities", ""));
        if (!file.path.starts_with('/') || !is_sha256(file.sha256) || !mode)
            throw std::invalid_argument("not a marker");
        file.mode = *mode;
        files.push_back(std::move(file));
    }
    return files;
}

} // namespace

bool Marker::same_installation(const Marker& other) const {
    return component == other.component && artifact == other.artifact && files == other.files;
}

bool Marker::same_vouchers(const Marker& other) const {
    return signed_by == other.signed_by && pinned == other.pinned && sha512 == other.sha512 &&
           signed_at == other.signed_at;
}

void Marker::take_vouchers(const Marker& other) {
    signed_by = other.signed_by;
    pinned = other.pinned;
    sha512 = other.sha512;
    signed_at = other.signed_at;
}

const InstalledFile* Marker::find(std::string_view path) const {
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const auto& one) { return one.path == path; });
    return file == files.end() ? nullptr : &*file;
}

bool Marker::is_found(std::string_view path) const {
    return std::find(found.begin(), found.end(), path) != found.end();
}

std::string to_json(const Marker& marker) {
    Json json{{"schema", schema},
              {"component", marker.component},
              {"artifact", marker.artifact},
              {"files", files_to_json(marker.files)}};
    if (!marker.retired.empty())
        json["retired"] = files_to_json(marker.retired);
    if (!marker.adopted.empty())
        json["adopted"] = marker.adopted;
    if (!marker.found.empty())
        json["found"] = marker.found;
    if (marker.in_doubt)
        json["in_doubt"] = true;
    if (!marker.acted_on.empty())
        json["acted_on"] = marker.acted_on;
    if (!marker.signed_by.empty())
        json["signed_by"] = marker.signed_by;
    if (marker.pinned)
        json["pinned"] = true;
    if (!marker.sha512.empty())
        json["sha512"] = marker.sha512;
    if (marker.signed_at != 0)
        json["signed_at"] = marker.signed_at;
    return json.dump(2) + "\n";
}

std::optional<Marker> parse_marker(std::string_view text) {
    try {
        const Json json = Json::parse(text);
        if (const auto found = whole_number<std::int64_t>(json.at("schema")); found > schema)
            throw Error(
                ErrorKind::config,
                fmt::format(
                    "the marker has schema {}, written by a newer provisor; this one knows {} and "
                    "leaves the component alone",
                    found, schema));
        Marker marker;
        marker.component = json.at("component").get<std::string>();
        marker.artifact = json.at("artifact").get<std::string>();
        marker.files = files_from_json(json.at("files"));
        if (json.contains("retired"))
            marker.retired = files_from_json(json.at("retired"));
        if (json.contains("adopted"))
            marker.adopted = json.at("adopted").get<std::vector<std::string>>();
        if (json.contains("found"))
            marker.found = json.at("found").get<std::vector<std::string>>();
        marker.in_doubt = json.value("in_doubt", false);
        if (json.contains("acted_on"))
            marker.acted_on = json.at("acted_on").get<std::vector<std::string>>();
        marker.signed_by = json.value("signed_by", "");
        marker.pinned = json.value("pinned", false);
        marker.sha512 = json.value("sha512", "");
        if (json.contains("signed_at"))
            marker.signed_at = whole_number<std::int64_t>(json.at("signed_at"));
        if (!is_sha256(marker.artifact))
            return std::nullopt;
        return marker;
    } catch (const Error&) {
        throw;
    } catch (const std::exception&) {
        // This is not a marker of ours.
        return std::nullopt;
    }
}

} // namespace provisor
