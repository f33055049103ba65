// SPDX-License-Identifier: Apache-2.0
#include "store/made_directories.hpp"

#include "base/file.hpp"
#include "store/component_store.hpp"

#include <nlohmann/json.hpp>

namespace provisor {
namespace {

constexpr int schema = 1;
constexpr std::uint64_t size_limit = std::uint64_t{16} * 1024 * 1024;
constexpr const char* file_name = "directories.json";

} // namespace

MadeDirectories::MadeDirectories(const std::filesystem::path& state_dir) : state_dir_(state_dir) {}

void MadeDirectories::read() {
    if (known_)
        return;
    known_.emplace();
    const auto text = read_file(state_dir_ / file_name, size_limit);
    if (!text)
        return;
    try {
        const auto json = nlohmann::json::parse(*text);
        if (json.at("schema") == schema)
            known_ = json.at("directories").get<std::map<std::string, ino_t>>();
    } catch (const std::exception&) {
        known_->clear();
    }
}

void MadeDirectories::write() {
    const nlohmann::ordered_json json{{"schema", schema}, {"directories", *known_}};
    make_state_dir(state_dir_);
    replace_file(state_dir_ / file_name,
                 json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", 0600,
                 Durable::yes);
}

std::optional<ino_t> MadeDirectories::find(const std::string& path) {
    read();
    const auto found = known_->find(path);
    return found == known_->end() ? std::nullopt : std::optional(found->second);
}

void MadeDirectories::add(const std::map<std::string, ino_t>& directories) {
    if (directories.empty())
        return;
    read();
    for (const auto& [path, inode] : directories)
        known_->insert_or_assign(path, inode);
    write();
}

void MadeDirectories::forget(const std::string& path) {
    read();
    if (known_->erase(path) > 0)
        write();
}

} // namespace provisor
