// SPDX-License-Identifier: Apache-2.0
#include "pass/target_owners.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "install/target.hpp"

#include <algorithm>

namespace provisor {

TargetOwners::TargetOwners(const Settings& settings, ComponentStore& store, const Paths& paths,
                           const Interrupt& interrupt)
    : store_(store), made_(paths.state_dir), unrecorded_(paths.state_dir), paths_(paths),
      interrupt_(interrupt), files_(paths), complete_(settings.failed_files.empty()) {
    for (const Component& component : settings.components) {
        interrupt_.check();
        if (auto reason = store_.hold(component.name))
            holds_[component.name] = std::move(*reason);
        read(component.name, standing_of(component));
        known_[component.name].in_manifests = true;
    }
    for (const std::string& name : store_.list()) {
        if (known_.contains(name) || !store_.has_marker(name))
            continue;
        if (auto reason = store_.hold(name))
            holds_[name] = std::move(*reason);
        read(name, holds_.contains(name)           ? Standing::on_hold
                   : settings.failed_files.empty() ? Standing::orphaned
                                                   : Standing::unreadable);
    }
    std::vector<Claim> claims;
    for (const Component& component : settings.components)
        claim(component, claims);
    for (const auto& [name, known] : known_)
        if (known.marker)
            for (const auto& [list, kind] :
                 {std::pair(&known.marker->files, Claim::Kind::installed),
                  std::pair(&known.marker->retired, Claim::Kind::retired)})
                for (const InstalledFile& file : *list)
                    claims.push_back(
                        {name, file.path, files_.find(file.path), kind, known.standing});
    owners_ = find_owners(claims);
    for (const Refusal& refusal : owners_.refusals()) {
        const Refusal*& first = refused_[refusal.component];
        if (first == nullptr || first->why == Refusal::Why::on_hold)
            first = &refusal;
    }
    find_givers();
}

Standing TargetOwners::standing_of(const Component& component) const {
    if (component.state == WantedState::absent)
        return Standing::absent;
    return component.state == WantedState::held || holds_.contains(component.name)
               ? Standing::on_hold
               : Standing::present;
}

void TargetOwners::read(const std::string& component, Standing standing) {
    Known& known = known_[component];
    known.standing = standing;
    try {
        known.marker = store_.installed(component);
    } catch (const Error& error) {
        known.error = error;
        complete_ = false;
    }
}

void TargetOwners::claim(const Component& component, std::vector<Claim>& claims) const {
    if (component.state == WantedState::absent)
        return;
    const Standing standing = standing_of(component);
    const auto want = [&](const std::string& path) {
        claims.push_back({component.name, path, files_.find(path), Claim::Kind::wanted, standing});
    };
    for (const FileSpec& file : component.files)
        want(file.path);
    for (const UnitSpec& unit : component.units)
        if (unit.file)
            want(paths_.unit_dir + "/" + unit.name);
}

void TargetOwners::find_givers() {
    if (!owners_.any_shared())
        return;
    for (const auto& [name, known] : known_)
        if (known.marker)
            for (const auto* list : {&known.marker->files, &known.marker->retired})
                for (const InstalledFile& file : *list)
                    if (const Owner* owner = other_owner(name, file.path))
                        givers_[owner->component].insert(name);
}

std::vector<FileId> TargetOwners::ids_of(const std::vector<InstalledFile>& files) const {
    std::vector<FileId> ids;
    ids.reserve(files.size());
    for (const InstalledFile& file : files)
        ids.push_back(files_.find(file.path));
    return ids;
}

const Owner* TargetOwners::other_owner(const std::string& component,
                                       const std::string& path) const {
    const Owner* owner = owners_.find(files_.find(path));
    return owner == nullptr || owner->component == component ? nullptr : owner;
}

bool TargetOwners::is_shared(const std::string& component, const std::string& path) const {
    const Owner* owner = owners_.find(files_.find(path));
    return owner != nullptr && (owner->shared || owner->component != component);
}

std::optional<Marker> TargetOwners::installed(const std::string& component) const {
    const auto known = known_.find(component);
    if (known == known_.end())
        return std::nullopt;
    if (known->second.error)
        throw *known->second.error;
    if (!known->second.marker || !owners_.any_shared())
        return known->second.marker;
    return narrowed(*known->second.marker, owners_, find_file_);
}

std::optional<Marker> TargetOwners::activated(const std::string& component) const {
    std::optional<Marker> marker = store_.activated(component);
    if (!marker || !owners_.any_shared())
        return marker;
    return narrowed(std::move(*marker), owners_, find_file_);
}

Generations TargetOwners::generations(const std::string& component) const {
    Generations generations = store_.generations(component);
    for (Generation& generation : generations) {
        generation.marker = narrowed(std::move(generation.marker), owners_, find_file_);
        generation.marker.retired.clear();
        std::erase_if(generation.marker.files,
                      [&](const InstalledFile& file) { return is_foreign(component, file); });
    }
    std::erase_if(generations,
                  [](const Generation& generation) { return generation.marker.files.empty(); });
    return generations;
}

/// Whether somebody put other content where an earlier installation had this file.
bool TargetOwners::is_foreign(const std::string& component, const InstalledFile& file) const {
    const Owner* owner = owners_.find(files_.find(file.path));
    if (owner != nullptr && owner->component == component)
        return false;
    const std::optional<Target> target = find_target(file.path, paths_);
    return target && target->look() && !is_in_place(file.path, file.sha256);
}

/// Whether the path leads to a file with this content.
bool TargetOwners::is_in_place(const std::string& path, const std::string& sha256) const {
    const std::optional<Target> target = find_target(path, paths_);
    const std::optional<struct stat> facts = target ? target->look() : std::nullopt;
    return facts && S_ISREG(facts->st_mode) &&
           sha256_of_fd(target->open().get(), interrupt_, path) == sha256;
}

std::vector<std::string> TargetOwners::unclaimed_paths() const {
    std::vector<std::string> result;
    for (const UnrecordedFile& file : unrecorded_.all())
        result.push_back(file.path);
    for (const auto& [name, known] : known_)
        if (known.marker && !known.in_manifests)
            for (const auto* list : {&known.marker->files, &known.marker->retired})
                for (const InstalledFile& file : *list)
                    result.push_back(file.path);
    return result;
}

std::optional<std::string> TargetOwners::hold(const std::string& component) const {
    const auto found = holds_.find(component);
    return found == holds_.end() ? std::nullopt : std::optional(found->second);
}

bool TargetOwners::has_files(const std::string& component) const {
    const auto known = known_.find(component);
    return known != known_.end() && known->second.marker && !known->second.marker->files.empty();
}

bool TargetOwners::narrow(const std::string& component, Record& record) const {
    const auto known = known_.find(component);
    if (!owners_.any_shared() || known == known_.end() || !known->second.marker)
        return false;
    const Marker& whole = *known->second.marker;
    const Marker narrow = narrowed(whole, owners_, find_file_);
    if (narrow.files.size() == whole.files.size())
        return false;
    const std::string before = identity_of(whole);
    const std::string now = identity_of(narrow);
    bool changed = false;
    const auto replace = [&](std::string& identity) {
        changed |= identity == before;
        if (identity == before)
            identity = now;
    };
    replace(record.healthy);
    if (record.quarantine)
        replace(record.quarantine->installation);
    return changed;
}

const Refusal* TargetOwners::refusal(const std::string& component) const {
    const auto found = refused_.find(component);
    return found == refused_.end() ? nullptr : found->second;
}

} // namespace provisor
