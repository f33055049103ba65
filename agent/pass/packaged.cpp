// SPDX-License-Identifier: Apache-2.0
#include "pass/packaged.hpp"

#include "install/packages.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <set>

namespace provisor {
namespace {

/// Where the component wants something that its marker does not have yet.
std::vector<std::string> new_targets(const Component& component,
                                     const std::optional<Marker>& installed, const Paths& paths) {
    std::vector<std::string> targets;
    if (component.state != WantedState::present)
        return targets;
    // With if-missing nothing is put over what is there.
    const bool there =
        component.update == Update::if_missing &&
        std::all_of(component.files.begin(), component.files.end(),
                    [&](const FileSpec& file) { return target_exists(file.path, paths); });
    for (const InstalledFile& file : wanted_marker(component, "", {}, paths.unit_dir).files)
        if (!there && (!installed || installed->find(file.path) == nullptr))
            targets.push_back(file.path);
    return targets;
}

/// Why it is refused; absent when it is not.
std::optional<std::string> reason_for(const Component& component,
                                      const std::vector<std::string>& targets,
                                      const std::map<std::string, Package>& packages) {
    for (const std::string& target : targets) {
        const auto found = packages.find(target);
        if (found == packages.end())
            continue;
        const Package& package = found->second;
        const bool deb = package.kind == Package::Kind::deb;
        if (package.name == "provisor")
            return fmt::format("'{}' belongs to provisor's own package: update it with {}", target,
                               deb ? "`apt install provisor`" : "`dnf upgrade provisor`");
        if (!component.replace_packaged)
            return fmt::format("'{}' belongs to the {} package '{}', whose next upgrade would undo "
                               "an installation over it: choose another path, or say "
                               "`replace_packaged: true`",
                               target, deb ? "deb" : "rpm", package.name);
    }
    return std::nullopt;
}

} // namespace

void refuse_packaged(std::vector<Work>& works, const Paths& paths) {
    std::map<Work*, std::vector<std::string>> targets;
    std::set<std::string> all;
    for (Work& work : works)
        attempt(work, [&] {
            std::vector<std::string> found =
                new_targets(*work.component, work.observed.installed, paths);
            if (found.empty())
                return;
            all.insert(found.begin(), found.end());
            targets[&work] = std::move(found);
        });
    if (targets.empty())
        return;
    std::map<std::string, Package> packages;
    std::optional<Error> trouble;
    try {
        packages = find_packages(all, paths);
    } catch (const Error& error) {
        trouble = error.retold(fmt::format("whether its files belong to a package is not known: "
                                           "{}; `replace_packaged: true` goes on without",
                                           error.what()));
    }
    for (const auto& [work, paths_of_work] : targets) {
        if (trouble && !work->component->replace_packaged)
            fail(*work, *trouble);
        else if (const auto reason = reason_for(*work->component, paths_of_work, packages))
            fail(*work, Error(ErrorKind::config, *reason));
    }
}

std::map<std::string, std::string> refused_as_packaged(const std::vector<Component>& components,
                                                       const ComponentStore& store,
                                                       const Paths& paths) {
    std::map<std::string, std::vector<std::string>> targets;
    std::set<std::string> all;
    for (const Component& component : components) {
        targets[component.name] = new_targets(component, store.installed(component.name), paths);
        all.insert(targets[component.name].begin(), targets[component.name].end());
    }
    const std::map<std::string, Package> packages = find_packages(all, paths);
    std::map<std::string, std::string> refused;
    for (const Component& component : components)
        if (auto reason = reason_for(component, targets[component.name], packages))
            refused[component.name] = std::move(*reason);
    return refused;
}

} // namespace provisor
