// SPDX-License-Identifier: Apache-2.0
#include "store/unrecorded_files.hpp"

#include "store/component_store.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

bool is_among(const std::vector<UnrecordedFile>& files, std::string_view path,
              std::string_view sha256) {
    return std::any_of(files.begin(), files.end(), [&](const UnrecordedFile& file) {
        return file.path == path && file.sha256 == sha256;
    });
}

constexpr int unrecorded_schema = 1;
constexpr std::uint64_t unrecorded_limit = std::uint64_t{64} * 1024 * 1024;
constexpr const char* unrecorded_name = "unrecorded.json";

std::vector<UnrecordedFile> parse_unrecorded(const std::string& text) {
    std::vector<UnrecordedFile> files;
    const auto json = nlohmann::json::parse(text);
    if (json.at("schema") != unrecorded_schema)
        return files;
    for (const auto& one : json.at("files"))
        files.push_back({one.at("path"), one.at("sha256"), one.value("over", false)});
    return files;
}

} // namespace

UnrecordedFiles::UnrecordedFiles(const std::filesystem::path& state_dir) : state_dir_(state_dir) {}

void UnrecordedFiles::read() const {
    if (known_)
        return;
    known_.emplace();
    const auto text = read_file(state_dir_ / unrecorded_name, unrecorded_limit);
    if (!text)
        return;
    try {
        known_ = parse_unrecorded(*text);
    } catch (const std::exception&) {
        known_->clear();
    }
    left_ = *known_;
}

void UnrecordedFiles::write(Durable durable) const {
    auto files = nlohmann::ordered_json::array();
    for (const UnrecordedFile& file : *known_)
        files.push_back({{"path", file.path}, {"sha256", file.sha256}, {"over", file.over}});
    const nlohmann::ordered_json json{{"schema", unrecorded_schema}, {"files", std::move(files)}};
    make_state_dir(state_dir_);
    replace_file(state_dir_ / unrecorded_name,
                 json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", 0600,
                 durable);
}

const std::vector<UnrecordedFile>& UnrecordedFiles::all() const {
    read();
    return *known_;
}

bool UnrecordedFiles::was_left(std::string_view path, std::string_view sha256) const {
    read();
    return is_among(left_, path, sha256);
}

void UnrecordedFiles::add(const std::vector<UnrecordedFile>& files) {
    const std::size_t before = all().size();
    for (const UnrecordedFile& file : files)
        if (!is_among(*known_, file.path, file.sha256))
            known_->push_back(file);
    if (known_->size() != before)
        write(Durable::yes);
}

void UnrecordedFiles::replace(std::vector<UnrecordedFile> files) {
    if (files.size() == all().size())
        return;
    known_ = std::move(files);
    if (known_->empty())
        remove_file(state_dir_ / unrecorded_name);
    else
        write(Durable::no);
}

} // namespace provisor
