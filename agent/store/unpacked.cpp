// SPDX-License-Identifier: Apache-2.0
#include "store/unpacked.hpp"

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "model/whole_number.hpp"
#include "store/cache_record.hpp"
#include "store/component_store.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

namespace fs = std::filesystem;
/// Sorted: keys in the order of their coming are looked for one by one, among thousands.
using SortedJson = nlohmann::json;
using Contents = std::map<std::string, std::string>;
/// Of nonsense: no list of members whose names are 64 KiB together (max_patterns) is as long.
constexpr std::uint64_t contents_limit = std::uint64_t{16} << 20U;

std::optional<Contents> read_record(const fs::path& path) {
    try {
        const std::optional<std::string> text = read_cache_record(path, contents_limit);
        if (!text)
            return std::nullopt;
        const SortedJson json = SortedJson::parse(*text);
        auto contents = json.at("members").get<Contents>();
        const bool sound = whole_number<int>(json.at("schema")) == 1 &&
                           std::all_of(contents.begin(), contents.end(),
                                       [](const auto& member) { return is_sha256(member.second); });
        return sound ? std::optional(std::move(contents)) : std::nullopt;
    } catch (const SortedJson::exception&) {
        return std::nullopt;
    } catch (const std::invalid_argument&) { // of whole_number()
        return std::nullopt;
    }
}

/// The records, by the artifact that each is about.
std::vector<std::pair<std::string, fs::path>> records_in(const fs::path& folder) {
    std::vector<std::pair<std::string, fs::path>> records;
    for (const std::string& name : names_in(folder, Entries::files))
        records.emplace_back(name.substr(0, name.find('-')), folder / name);
    return records;
}

} // namespace

Unpacked::Unpacked(const fs::path& state_dir)
    : state_dir_(state_dir), folder_(state_dir / "cache/contents"),
      blobs_(state_dir / "cache/blobs") {}

fs::path Unpacked::path(const std::string& artifact, const std::string& selection) const {
    return folder_ / (artifact + "-" + sha256_of(selection).substr(0, 16));
}

std::optional<Contents> Unpacked::find(const std::string& artifact, const std::string& selection,
                                       const std::vector<std::string>& patterns) const {
    std::optional<Contents> contents = read_record(path(artifact, selection));
    if (contents && (contents->size() != patterns.size() ||
                     !std::all_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
                         return contents->contains(pattern);
                     })))
        return std::nullopt;
    std::error_code gone;
    const auto is_there = [&](const auto& member) {
        return fs::is_regular_file(fs::symlink_status(blobs_ / member.second, gone));
    };
    if (contents && !std::all_of(contents->begin(), contents->end(), is_there))
        contents.reset();
    return contents;
}

void Unpacked::remember(const std::string& artifact, const std::string& selection,
                        const Contents& contents) {
    make_state_dir(state_dir_);
    make_directories(folder_, 0700, Durable::yes);
    const SortedJson json{{"schema", 1}, {"members", contents}};
    replace_file(path(artifact, selection),
                 json.dump(1, ' ', false, SortedJson::error_handler_t::replace) + "\n", 0600,
                 Durable::yes, folder_.parent_path());
}

std::set<std::string> Unpacked::members_of(const std::set<std::string>& artifacts) const {
    std::set<std::string> members;
    for (const auto& [artifact, record] : records_in(folder_))
        if (artifacts.contains(artifact))
            for (const auto& [from, sha256] : read_record(record).value_or(Contents{}))
                members.insert(sha256);
    return members;
}

void Unpacked::prune(const std::set<std::string>& artifacts) {
    for (const auto& [artifact, record] : records_in(folder_))
        if (!artifacts.contains(artifact))
            remove_file(record);
}

} // namespace provisor
