// SPDX-License-Identifier: Apache-2.0
#include "store/component_store.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <algorithm>

namespace provisor {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t limit = 4 * 1024 * 1024;

std::optional<Marker> read_marker(const fs::path& path) {
    const std::optional<std::string> text = read_file(path, limit);
    if (!text)
        return std::nullopt;
    return with_context("'" + path.string() + "'", [&] { return parse_marker(*text); });
}

} // namespace

void make_state_dir(const fs::path& state_dir) {
    make_directories(state_dir.parent_path(), 0755, Durable::yes);
    make_directories(state_dir, 0711, Durable::yes);
}

ComponentStore::ComponentStore(fs::path state_dir) : state_dir_(std::move(state_dir)) {}

fs::path ComponentStore::file(const std::string& component, const char* name) const {
    return state_dir_ / "components" / component / name;
}

std::optional<Marker> ComponentStore::installed(const std::string& component) const {
    return read_marker(file(component, ".installed"));
}

std::optional<Marker> ComponentStore::activated(const std::string& component) const {
    return read_marker(file(component, ".activated"));
}

Record ComponentStore::record(const std::string& component) const {
    const std::optional<std::string> text = read_file(file(component, "record.json"), limit);
    return text ? parse_record(*text) : Record{};
}

void ComponentStore::write(const std::string& component, const char* name,
                           const std::string& text) {
    const fs::path path = file(component, name);
    make_state_dir(state_dir_);
    make_directories(path.parent_path(), 0755, Durable::yes);
    replace_file(path, text, 0644, Durable::yes);
}

void ComponentStore::write_installed(const Marker& marker) {
    write(marker.component, ".installed", to_json(marker));
}

void ComponentStore::write_activated(const Marker& marker) {
    write(marker.component, ".activated", to_json(marker));
}

void ComponentStore::write_record(const std::string& component, const Record& record) {
    write(component, "record.json", to_json(record));
}

bool ComponentStore::has_marker(const std::string& component) const {
    std::error_code problem;
    return fs::exists(file(component, ".installed"), problem);
}

std::vector<std::string> ComponentStore::list() const {
    std::vector<std::string> names;
    std::error_code gone;
    for (const fs::directory_entry& entry : fs::directory_iterator(state_dir_ / "components", gone))
        if (entry.is_directory(gone))
            names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace provisor
