// SPDX-License-Identifier: Apache-2.0
#include "pass/overwritten.hpp"

#include "install/target.hpp"
#include "model/overwritten.hpp"
#include "pass/planning.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

/// Whether the component had put this file there itself, or a pass that was killed had.
bool is_own(const Work& work, const InstalledFile& file) {
    if (work.owners->is_unrecorded(file))
        return true;
    const std::optional<Marker>& installed = work.observed.installed;
    if (!installed)
        return false;
    const auto& retired = installed->retired;
    return installed->find(file.path) != nullptr ||
           std::any_of(retired.begin(), retired.end(), [&](const InstalledFile& one) {
               return one.path == file.path && one.sha256 == file.sha256;
           });
}

} // namespace

void keep_overwritten(const Work& work, const Paths& paths, Cache& cache, ComponentStore& store,
                      std::uint64_t min_free, const Interrupt& interrupt) {
    if (!is_change(work))
        return;
    std::vector<Overwritten> overwritten;
    for (const std::string& path : work.plan.place) {
        const auto actual = work.observed.actual.find(path);
        if (actual == work.observed.actual.end() || is_own(work, actual->second))
            continue;
        const std::optional<Target> target = find_target(path, paths);
        if (!target || !target->look())
            continue;
        InstalledFile file = actual->second;
        file.sha256 = cache.keep_file(target->open().get(), min_free, interrupt,
                                      fmt::format("keep what is at '{}'", target->shown.string()));
        overwritten.push_back(
            {std::move(file), work.owners->is_shared(work.component->name, path)});
    }
    if (overwritten.empty())
        return;
    const std::string& name = work.component->name;
    const Generations before = store.generations(name);
    const Generations with = with_overwritten(before, work.observed.installed, work.wanted,
                                              overwritten, paths.unit_dir, wall_clock());
    if (with != before)
        store.write_generations(name, with);
}

} // namespace provisor
