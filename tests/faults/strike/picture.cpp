// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/picture.hpp"

#include "base/sha256.hpp"
#include "store/component_store.hpp"

#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const std::string nothing = "nothing";
constexpr std::array all_components{"app", "renamed", "beside"};

std::string describe(const std::string& content, mode_t mode) {
    char text[8];
    std::snprintf(text, sizeof text, "%04o ", mode & 07777);
    return text + sha256_of(content);
}

std::vector<fs::path> files_below(const fs::path& folder) {
    std::vector<fs::path> files;
    if (!fs::is_directory(folder))
        return files;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (!entry.is_directory())
            files.push_back(entry.path());
    return files;
}

bool is_temporary(const fs::path& file) {
    return file.filename().string().starts_with(".provisor-");
}

const std::string& of(const std::map<std::string, std::string>& files, const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? nothing : found->second;
}

std::optional<Marker> of(const std::map<std::string, Marker>& markers, const std::string& name) {
    const auto found = markers.find(name);
    return found == markers.end() ? std::nullopt : std::optional(found->second);
}

bool same(const std::optional<Marker>& one, const std::optional<Marker>& other) {
    return one && other ? one->same_installation(*other) : one.has_value() == other.has_value();
}

template <typename... Maps>
std::set<std::string> keys(const Maps&... maps) {
    std::set<std::string> all;
    const auto add = [&](const auto& map) {
        for (const auto& [key, value] : map)
            all.insert(key);
    };
    (add(maps), ...);
    return all;
}

/// A marker that is the new one speaks of files that are there, and none means that all are gone.
void check_marker(const std::string& name, const Picture& before, const Picture& now,
                  const Picture& after, std::vector<std::string>& wrong) {
    const auto was = of(before.markers, name);
    const auto is = of(now.markers, name);
    const auto becomes = of(after.markers, name);
    if (!same(is, was) && !same(is, becomes))
        wrong.push_back("I2: the marker of " + name + " is neither the old nor the new one");
    if (same(is, was) || !same(is, becomes))
        return;
    for (const InstalledFile& file : is ? is->files : was->files)
        if (of(now.files, file.path) != of(after.files, file.path))
            wrong.push_back("I2: the new marker of " + name + " is there, and " + file.path +
                            " is " + of(now.files, file.path));
}

void check_records(const Machine& machine, std::vector<std::string>& wrong) {
    for (const fs::path& file : files_below(machine.under("var/lib/provisor"))) {
        const std::string folder = file.parent_path().filename().string();
        const std::string text = is_temporary(file) ? "" : read_text(file);
        if (is_temporary(file))
            continue;
        if (folder == "blobs" && sha256_of(text) != file.filename())
            wrong.push_back("I4: a damaged blob is in the cache: " + file.filename().string());
        const bool is_record = file.extension() == ".json" || folder == "urls" ||
                               folder == "contents" || file.filename() == ".installed" ||
                               file.filename() == ".activated";
        if (is_record && !Json::accept(text))
            wrong.push_back("I2: a torn record: " + file.string());
    }
}

} // namespace

Picture picture_of(const Machine& machine) {
    Picture picture;
    for (const char* folder : {"opt", "etc/systemd/system"})
        for (const fs::path& file : files_below(machine.under(folder))) {
            struct stat facts {};
            if (!is_temporary(file) && ::lstat(file.c_str(), &facts) == 0)
                picture.files["/" + fs::relative(file, machine.root()).string()] =
                    describe(read_text(file), facts.st_mode);
        }
    const ComponentStore store(machine.under("var/lib/provisor"));
    for (const char* name : all_components) {
        picture.changes[name] = store.record(name).history.size();
        if (const auto marker = parse_marker(machine.marker(name)))
            picture.markers.emplace(name, *marker);
        for (const Generation& generation : store.generations(name))
            for (const InstalledFile& file : generation.marker.files)
                if (fs::exists(machine.cache() / "blobs" / file.sha256))
                    picture.ways_back.insert(
                        fmt::format("{}: {} {:04o} {}", name, file.path, file.mode, file.sha256));
    }
    for (const fs::path& file : files_below(machine.cache()))
        if (!is_temporary(file))
            picture.cache.insert(fs::relative(file, machine.cache()).string());
    return picture;
}

std::vector<std::string> wrong_between(const Picture& before, const Picture& now,
                                       const Picture& after, const Machine& machine) {
    std::vector<std::string> wrong;
    for (const std::string& path : keys(before.files, now.files, after.files)) {
        const std::string& is = of(now.files, path);
        if (is != of(before.files, path) && is != of(after.files, path))
            wrong.push_back(
                fmt::format("I1: {} is neither the old nor the new file: {}", path, is));
    }
    for (const std::string& name : keys(before.markers, now.markers, after.markers))
        check_marker(name, before, now, after, wrong);
    check_records(machine, wrong);
    return wrong;
}

std::vector<std::string> differences(const Picture& wanted, const Picture& now,
                                     const Machine& machine) {
    std::vector<std::string> wrong;
    for (const std::string& path : keys(wanted.files, now.files))
        if (of(now.files, path) != of(wanted.files, path))
            wrong.push_back("I4: " + path + " is " + of(now.files, path) + " and not " +
                            of(wanted.files, path));
    for (const std::string& name : keys(wanted.markers, now.markers))
        if (!same(of(now.markers, name), of(wanted.markers, name)))
            wrong.push_back("I4: the marker of " + name + " is another one");
    for (const std::string& way : wanted.ways_back)
        if (!now.ways_back.contains(way))
            wrong.push_back("I4: there is no way back to " + way);
    for (const std::string& file : now.cache)
        if (!wanted.cache.contains(file))
            wrong.push_back("I6: left in the cache: " + file);
    for (const fs::path& file : files_below(machine.root()))
        if (is_temporary(file))
            wrong.push_back("I6: left over: " + fs::relative(file, machine.root()).string());
    return wrong;
}

bool is_known_and_cached(const Machine& machine, const std::string& sha256) {
    if (!fs::exists(machine.cache() / "blobs" / sha256))
        return false;
    for (const fs::path& file : files_below(machine.cache() / "urls")) {
        if (is_temporary(file))
            continue;
        const Json json = Json::parse(read_text(file), nullptr, false);
        if (json.is_object() && json.value("sha256", "") == sha256)
            return true;
    }
    return false;
}

} // namespace provisor::test
