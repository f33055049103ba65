// SPDX-License-Identifier: Apache-2.0
#include "pass/sweep.hpp"

#include "base/file.hpp"
#include "install/staging.hpp"

#include <set>
#include <spdlog/spdlog.h>

namespace provisor {
namespace {

void log_removed(const std::filesystem::path& path) {
    spdlog::info("removed '{}', left over from an interrupted pass", path.string());
}

} // namespace

void sweep_leftovers(std::vector<Work>& works, const TargetOwners& owners, const Paths& paths) {
    for (const std::filesystem::path& directory :
         {paths.run_dir, paths.state_dir, paths.state_dir / "cache"})
        for (const std::string& name : sweep_temporaries(directory))
            log_removed(directory / name);
    std::set<std::string> swept;
    for (Work& work : works) {
        std::vector<std::string> targets;
        const auto add = [&](const std::vector<InstalledFile>& files) {
            for (const InstalledFile& file : files)
                targets.push_back(file.path);
        };
        add(wanted_marker(*work.component, "", {}, paths.unit_dir).files);
        if (const auto& installed = work.observed.installed) {
            add(installed->files);
            add(installed->retired);
        }
        try {
            for (const auto& path : sweep_temporaries(targets, paths, swept))
                log_removed(path);
        } catch (const Error& error) {
            if (!work.done)
                fail(work, error);
        }
    }
    for (const std::string& path : owners.unclaimed_paths())
        try {
            for (const auto& removed : sweep_temporaries({path}, paths, swept))
                log_removed(removed);
        } catch (const Error& error) {
            spdlog::warn("beside '{}': {}", path, error.what());
        }
}

} // namespace provisor
