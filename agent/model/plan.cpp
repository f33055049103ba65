// SPDX-License-Identifier: Apache-2.0
#include "model/plan.hpp"

#include "base/sha256.hpp"
#include "model/component.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr mode_t unit_file_mode = 0644;

std::string reason_unchanged(Freshness freshness) {
    switch (freshness) {
    case Freshness::fetched:
        return "the origin sent the same content again";
    case Freshness::revalidated:
        return "304 Not Modified";
    case Freshness::pinned:
        return "the pinned digest is installed";
    case Freshness::cached:
        return "matches the cache; the origin was not asked";
    }
    return {};
}

std::string capabilities_in_words(const InstalledFile& file) {
    return file.capabilities.empty() ? "no capabilities" : file.capabilities;
}

std::string reason_update(const Marker& installed, const Marker& wanted, Freshness freshness) {
    if (installed.artifact != wanted.artifact)
        return freshness == Freshness::pinned ? "the manifest pins other content"
               : freshness == Freshness::fetched
                   ? "origin has new content"
                   : "other content is wanted, and it is in the cache";
    for (const InstalledFile& file : wanted.files) {
        const InstalledFile* before = installed.find(file.path);
        if (before == nullptr)
            return fmt::format("{} is new in the manifest", file.path);
        if (before->sha256 != file.sha256)
            return fmt::format("{} has other content in the manifest", file.path);
        if (before->mode != file.mode)
            return fmt::format("{} has mode {:04o} in the manifest, not {:04o}", file.path,
                               file.mode, before->mode);
        if (before->capabilities != file.capabilities)
            return fmt::format("{} has {} in the manifest, not {}", file.path,
                               capabilities_in_words(file), capabilities_in_words(*before));
        if (*before != file)
            return fmt::format("{} belongs to {}:{} in the manifest", file.path, file.owner,
                               file.group);
    }
    return "the manifest names fewer files";
}

std::string reason_repair(const InstalledFile& wanted, const Observed& observed) {
    const auto actual = observed.actual.find(wanted.path);
    if (actual == observed.actual.end())
        return fmt::format("{} was deleted", wanted.path);
    if (actual->second.sha256 != wanted.sha256)
        return fmt::format("{} was changed by somebody else", wanted.path);
    if (actual->second.mode != wanted.mode)
        return fmt::format("{} had mode {:04o}, not {:04o}", wanted.path, actual->second.mode,
                           wanted.mode);
    // Who changes the owner takes the capabilities away with that: chown(2).
    if (actual->second.owner == wanted.owner && actual->second.group == wanted.group)
        return actual->second.capabilities.empty()
                   ? fmt::format("{} had lost {}", wanted.path, wanted.capabilities)
                   : fmt::format("{} had {}, not {}", wanted.path, actual->second.capabilities,
                                 wanted.capabilities);
    return fmt::format("{} belonged to {}:{}, not {}:{}", wanted.path, actual->second.owner,
                       actual->second.group, wanted.owner, wanted.group);
}

/// Whether the file has capabilities that an earlier manifest asked for. What somebody set by hand
/// stays; these go.
bool has_outdated_capabilities(const InstalledFile& wanted, const Observed& observed) {
    const InstalledFile* before =
        observed.installed ? observed.installed->find(wanted.path) : nullptr;
    return wanted.capabilities.empty() && before != nullptr && !before->capabilities.empty();
}

} // namespace

bool Observed::activated_with(const Marker& marker) const {
    return activated && !activated->in_doubt && activated->same_installation(marker);
}

Marker wanted_marker(const Component& component, const std::string& artifact_sha256,
                     const Contents& contents, const std::string& unit_dir) {
    Marker marker;
    marker.component = component.name;
    marker.artifact = artifact_sha256;
    for (const FileSpec& file : component.files) {
        // An archive of which a file is not known must not pass for that file.
        const std::string& sha256 = contents.empty() ? artifact_sha256 : contents.at(file.from);
        marker.files.push_back(
            {file.path, sha256, file.mode, file.owner, file.group, file.capabilities});
    }
    for (const UnitSpec& unit : component.units)
        if (unit.file)
            marker.files.push_back({unit_dir + "/" + unit.name, sha256_of(*unit.file),
                                    unit_file_mode, "root", "root"});
    std::sort(marker.files.begin(), marker.files.end(),
              [](const InstalledFile& a, const InstalledFile& b) { return a.path < b.path; });
    return marker;
}

Marker foreign_marker(const Component& component, const Observed& observed) {
    Marker marker;
    marker.component = component.name;
    marker.in_doubt = true;
    for (const auto& [path, file] : observed.actual)
        marker.files.push_back(file);
    marker.artifact = marker.files.front().sha256;
    return marker;
}

Plan make_plan(const Component& component, const Marker& wanted, Freshness freshness,
               const Observed& observed, Units units) {
    Plan plan;
    for (const InstalledFile& file : wanted.files) {
        const auto actual = observed.actual.find(file.path);
        if (actual == observed.actual.end() || actual->second != file ||
            has_outdated_capabilities(file, observed))
            plan.place.push_back(file.path);
    }
    const bool recorded = observed.installed && observed.installed->same_installation(wanted);
    const bool activated = component.units.empty() || observed.activated_with(wanted);
    plan.write_marker = !recorded;
    if (!observed.installed) {
        plan.decision = Decision::install;
        plan.reason = plan.place.empty() ? "the content was in place already and is recorded now"
                                         : "nothing was installed before";
        // With a record of an earlier activation units may run other content than what is in place.
        const bool adopted = plan.place.empty() && !observed.activated;
        plan.due = activated ? Due::nothing : adopted ? Due::adoption : Due::first_install;
        plan.record_foreign = !plan.place.empty() && !observed.activated &&
                              !observed.actual.empty() && !component.units.empty();
    } else if (!recorded) {
        plan.decision = Decision::update;
        plan.reason = reason_update(*observed.installed, wanted, freshness);
        plan.due = activated ? Due::nothing : observed.activated ? Due::change : Due::first_install;
    } else if (!plan.place.empty()) {
        plan.decision = Decision::repair;
        plan.reason = reason_repair(*wanted.find(plan.place.front()), observed);
        plan.due = activated ? Due::repair : observed.activated ? Due::change : Due::first_install;
    } else if (!activated && units == Units::act) {
        plan.decision = observed.activated ? Decision::update : Decision::install;
        plan.reason = "the units have not been activated with what is installed";
        plan.due = observed.activated ? Due::change : Due::first_install;
    } else {
        plan.decision = Decision::unchanged;
        plan.reason = reason_unchanged(freshness);
    }
    if (units == Units::leave)
        plan.due = Due::nothing;
    return plan;
}

} // namespace provisor
