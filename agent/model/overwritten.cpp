// SPDX-License-Identifier: Apache-2.0
#include "model/overwritten.hpp"

#include <algorithm>
#include <filesystem>

namespace provisor {
namespace {

constexpr mode_t may_run = 0111;

bool is_program(const InstalledFile& file) { return (file.mode & may_run) != 0; }

void put(Marker& marker, const Overwritten& overwritten) {
    const InstalledFile& file = overwritten.file;
    std::erase_if(marker.files, [&](const InstalledFile& one) { return one.path == file.path; });
    std::erase(marker.found, file.path);
    marker.files.push_back(file);
    if (!overwritten.adopted)
        marker.found.push_back(file.path);
}

void sort(Marker& marker) {
    std::sort(marker.files.begin(), marker.files.end(),
              [](const InstalledFile& a, const InstalledFile& b) { return a.path < b.path; });
    std::sort(marker.found.begin(), marker.found.end());
}

bool may_have_worked(const Marker& zero, const Marker& wanted) {
    return std::none_of(wanted.files.begin(), wanted.files.end(), is_program) ||
           std::any_of(zero.files.begin(), zero.files.end(), is_program);
}

void add_unit_files(Marker& zero, const Marker& wanted, const std::string& unit_dir) {
    for (const InstalledFile& file : wanted.files)
        if (std::filesystem::path(file.path).parent_path() == unit_dir &&
            zero.find(file.path) == nullptr)
            zero.files.push_back(file);
}

/// What stands for its content where an artifact is named.
std::string main_content(const Marker& zero) {
    const auto program = std::find_if(zero.files.begin(), zero.files.end(), is_program);
    return (program == zero.files.end() ? zero.files.front() : *program).sha256;
}

} // namespace

Generations with_overwritten(Generations generations, const std::optional<Marker>& installed,
                             const Marker& wanted, const std::vector<Overwritten>& overwritten,
                             const std::string& unit_dir, WallTime now) {
    if (overwritten.empty())
        return generations;
    if (installed) {
        for (Generation& generation : generations) {
            for (const Overwritten& one : overwritten)
                put(generation.marker, one);
            sort(generation.marker);
        }
        return generations;
    }
    Marker zero;
    if (!generations.empty())
        zero = std::move(generations.front().marker);
    zero.component = wanted.component;
    for (const Overwritten& one : overwritten)
        put(zero, one);
    if (!may_have_worked(zero, wanted))
        return {};
    add_unit_files(zero, wanted, unit_dir);
    sort(zero);
    zero.artifact = main_content(zero);
    return {{std::move(zero), "", "", now}};
}

} // namespace provisor
