// SPDX-License-Identifier: Apache-2.0
#include "store/component_store.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "store/json_checksum.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

namespace fs = std::filesystem;
/// Of nonsense: a manifest of 4 MiB can name 50,000 files, whose marker has a tenth of this.
constexpr std::uint64_t limit = std::uint64_t{256} << 20U;

/// What was changed since it was written counts as lost.
std::optional<std::string> read_unchanged(const fs::path& path) {
    std::optional<std::string> text = read_file(path, limit);
    if (text && has_wrong_checksum(*text))
        text.reset();
    return text;
}

std::optional<Marker> parse_stored(const std::string& text, const fs::path& path) {
    return with_context("'" + path.string() + "'", [&] { return parse_marker(text); });
}

} // namespace

void make_state_dir(const fs::path& state_dir) {
    make_directories(state_dir.parent_path(), 0755, Durable::yes);
    make_directories(state_dir, 0711, Durable::yes);
}

ComponentStore::ComponentStore(fs::path state_dir) : state_dir_(std::move(state_dir)) {}

fs::path ComponentStore::file(const std::string& component, const char* name) const {
    // Asked for six times a component in each pass; operator/ takes the path apart each time.
    return state_dir_.native() + "/components/" + component + "/" + name;
}

std::optional<Marker> ComponentStore::installed(const std::string& component) const {
    const fs::path path = file(component, ".installed");
    const std::optional<std::string> text = read_unchanged(path);
    if (!text)
        return std::nullopt;
    std::optional<Marker> marker = parse_stored(*text, path);
    if (marker)
        last_read_[component] = {std::string(checksum_of(*text)), *marker};
    return marker;
}

std::optional<Marker> ComponentStore::activated(const std::string& component) const {
    const fs::path path = file(component, ".activated");
    const std::optional<std::string> text = read_file(path, limit);
    if (!text)
        return std::nullopt;
    // Mostly it is a copy of the other, which has just been read.
    const auto last = last_read_.find(component);
    if (last != last_read_.end() && !last->second.checksum.empty() &&
        last->second.checksum == checksum_of(*text))
        return last->second.marker;
    return has_wrong_checksum(*text) ? std::nullopt : parse_stored(*text, path);
}

Record ComponentStore::record(const std::string& component) const {
    const std::optional<std::string> text = read_file(file(component, "record.json"), limit);
    return text ? parse_record(*text) : Record{};
}

Generations ComponentStore::generations(const std::string& component) const {
    const std::optional<std::string> text = read_unchanged(file(component, "generations.json"));
    return text ? parse_generations(*text) : Generations{};
}

std::optional<std::string> ComponentStore::hold(const std::string& component) const {
    const std::optional<std::string> text = read_file(file(component, "hold.json"), limit);
    if (!text)
        return std::nullopt;
    try {
        return nlohmann::json::parse(*text).at("reason").get<std::string>();
    } catch (const std::exception&) {
        // Somebody wanted to have it held: better so for too long than not at all.
        return "(its reason is damaged)";
    }
}

void ComponentStore::write(const std::string& component, const char* name,
                           const std::string& text) {
    const fs::path path = file(component, name);
    make_state_dir(state_dir_);
    make_directories(path.parent_path(), 0755, Durable::yes);
    // In a folder that is swept with one look, however many components there are.
    replace_file(path, text, 0644, Durable::yes, state_dir_);
}

void ComponentStore::write_installed(const Marker& marker) {
    write(marker.component, ".installed", with_checksum(to_json(marker)));
}

void ComponentStore::write_activated(const Marker& marker) {
    write(marker.component, ".activated", with_checksum(to_json(marker)));
}

void ComponentStore::write_record(const std::string& component, const Record& record) {
    write(component, "record.json", to_json(record));
}

void ComponentStore::write_generations(const std::string& component,
                                       const Generations& generations) {
    write(component, "generations.json", with_checksum(to_json(generations)));
}

void ComponentStore::write_hold(const std::string& component, const std::string& reason) {
    const nlohmann::ordered_json json{{"schema", 1}, {"reason", reason}};
    write(component, "hold.json",
          json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void ComponentStore::remove_hold(const std::string& component) {
    const fs::path path = file(component, "hold.json");
    if (remove_file(path))
        sync_directory(path.parent_path());
}

void ComponentStore::remove_markers(const std::string& component) {
    const fs::path installed = file(component, ".installed");
    bool removed = remove_file(installed);
    removed |= remove_file(file(component, ".activated"));
    removed |= remove_file(file(component, "generations.json"));
    if (removed)
        sync_directory(installed.parent_path());
}

void ComponentStore::remove_activation(const std::string& component) {
    const fs::path activated = file(component, ".activated");
    bool removed = remove_file(activated);
    removed |= remove_file(file(component, "generations.json"));
    if (removed)
        sync_directory(activated.parent_path());
}

bool ComponentStore::has_marker(const std::string& component) const {
    std::error_code problem;
    return fs::exists(file(component, ".installed"), problem);
}

std::vector<std::string> ComponentStore::list() const {
    std::vector<std::string> names = names_in(state_dir_ / "components", Entries::folders);
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace provisor
