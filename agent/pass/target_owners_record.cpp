// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/ownership_test.cpp
// What is written and removed: markers of those who take and give files, and what was given up.
#include "pass/target_owners.hpp"

#include "base/error.hpp"
#include "install/staging.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace provisor {

/// Fills in what it took over, now or before, of what it still has or has to remove.
void TargetOwners::set_adopted(Marker& marker, const std::optional<Marker>& before) const {
    marker.adopted.clear();
    const auto add = [&](const InstalledFile& file) {
        const bool known =
            before && (before->find(file.path) != nullptr ||
                       std::any_of(before->retired.begin(), before->retired.end(),
                                   [&](const auto& one) { return one.path == file.path; }));
        const Owner* owner = owners_.find(files_.find(file.path));
        const bool adopted = known ? std::find(before->adopted.begin(), before->adopted.end(),
                                               file.path) != before->adopted.end()
                                   : owner != nullptr && owner->shared;
        if (adopted)
            marker.adopted.push_back(file.path);
    };
    std::for_each(marker.files.begin(), marker.files.end(), add);
    std::for_each(marker.retired.begin(), marker.retired.end(), add);
}

void TargetOwners::record(Marker marker, GoingBack going_back) {
    const std::string component = marker.component;
    Known& known = known_[component];
    const std::vector<FileId> now = ids_of(marker.files);
    const std::vector<FileId> before =
        known.marker ? ids_of(known.marker->files) : std::vector<FileId>();
    marker.retired = settled(marker, owners_, find_file_).retired;
    std::erase_if(marker.retired, [&](const InstalledFile& file) {
        return std::find(now.begin(), now.end(), files_.find(file.path)) != now.end();
    });
    set_adopted(marker, known.marker);
    store_.write_installed(marker);
    known.marker = std::move(marker);
    owners_.note_installed(component, before, now);
    if (const auto givers = givers_.find(component); givers != givers_.end())
        for (const std::string& giver : givers->second)
            settle(giver);
    retire(known, going_back);
}

/// Takes out of a marker what other components have by now. What `.activated` and the record say
/// of the component follows first: after a crash in between, all of it is narrowed as it is read.
void TargetOwners::settle(const std::string& giver) {
    Known& known = known_[giver];
    // What is absent and has files ends as a whole, with its units.
    if (!known.marker || (known.standing == Standing::absent && !known.marker->files.empty()))
        return;
    Marker marker = settled(*known.marker, owners_, find_file_);
    if (marker.files == known.marker->files && marker.retired == known.marker->retired)
        return;
    if (Record record = store_.record(giver); narrow(giver, record))
        store_.write_record(giver, record);
    if (auto activated = store_.activated(giver)) {
        Marker left = settled(*activated, owners_, find_file_);
        if (left.files != activated->files)
            store_.write_activated(left);
    }
    known.marker = std::move(marker);
    forget_if_empty(giver, known);
    if (known.marker)
        store_.write_installed(*known.marker);
}

/// A component that no manifest wants and that has nothing any more, for example a renamed one.
void TargetOwners::forget_if_empty(const std::string& component, Known& known) {
    if ((known.standing != Standing::orphaned && known.standing != Standing::absent) ||
        !known.marker || !known.marker->files.empty() || !known.marker->retired.empty())
        return;
    store_.remove_markers(component);
    known.marker.reset();
    if (known.standing == Standing::orphaned)
        spdlog::info("forgot '{}': no manifest names it, and other components have its files",
                     component);
}

void TargetOwners::retire(const std::string& component) {
    if (const auto known = known_.find(component); known != known_.end())
        retire(known->second, GoingBack::no);
}

void TargetOwners::retire(Known& known, GoingBack going_back) {
    if (!known.marker || known.marker->retired.empty())
        return;
    Marker marker = *known.marker;
    std::optional<Error> problem;
    std::erase_if(marker.retired, [&](const InstalledFile& file) {
        switch (fate_of(file, marker, owners_.find(files_.find(file.path)), going_back)) {
        case Fate::forget:
            return true;
        case Fate::keep:
            return false;
        case Fate::remove:
            break;
        }
        // What could not be read may name the file.
        if (!complete_)
            return false;
        try {
            return remove_file(file) != Removal::not_now;
        } catch (const Error& error) {
            problem = error;
            return false;
        }
    });
    if (marker.retired.size() != known.marker->retired.size()) {
        store_.write_installed(marker);
        known.marker = std::move(marker);
    }
    if (problem)
        throw *problem;
}

void TargetOwners::note_unrecorded(const std::string& component,
                                   const std::vector<InstalledFile>& files) {
    const auto known = known_.find(component);
    const auto is_recorded = [&](const InstalledFile& file) {
        if (known == known_.end() || !known->second.marker)
            return false;
        const auto& retired = known->second.marker->retired;
        return known->second.marker->find(file.path) != nullptr ||
               std::any_of(retired.begin(), retired.end(),
                           [&](const InstalledFile& one) { return one.path == file.path; });
    };
    const auto stands_there = [&](const InstalledFile& file) {
        const std::optional<Target> target = find_target(file.path, paths_);
        if (!target || !target->look())
            return false;
        const auto& noted = unrecorded_.all();
        return std::none_of(noted.begin(), noted.end(), [&](const UnrecordedFile& one) {
            return one.path == file.path && !one.over && is_in_place(one.path, one.sha256);
        });
    };
    std::vector<UnrecordedFile> unrecorded;
    for (const InstalledFile& file : files)
        if (!is_recorded(file))
            unrecorded.push_back({file.path, file.sha256, stands_there(file)});
    unrecorded_.add(unrecorded);
}

/// In a pass over all, removes it when nobody wants it; what could not be read may want it.
bool TargetOwners::is_still_unrecorded(const UnrecordedFile& file, bool all) {
    const Owner* owner = owners_.find(files_.find(file.path));
    if (owner != nullptr)
        return !owner->has && is_in_place(file.path, file.sha256);
    if (!complete_ || !all)
        return true;
    InstalledFile installed;
    installed.path = file.path;
    installed.sha256 = file.sha256;
    return !file.over && remove_file(installed) == Removal::not_now;
}

void TargetOwners::note_made(const std::vector<MadeDirectory>& directories) {
    std::map<std::string, ino_t> inodes;
    for (const MadeDirectory& one : directories)
        inodes[one.path] = one.inode;
    made_.add(inodes);
}

/// Those on the way to the file that was removed, as far as provisor made them.
void TargetOwners::remove_empty_directories(const std::string& path) {
    for (std::filesystem::path directory = std::filesystem::path(path).parent_path();;
         directory = directory.parent_path()) {
        const auto inode = made_.find(directory.string());
        if (!inode || !remove_if_empty({directory.string(), *inode}, paths_))
            return;
        made_.forget(directory.string());
    }
}

/// Leaves the file for a later pass when its path leads elsewhere by now.
TargetOwners::Removal TargetOwners::remove_file(const InstalledFile& file) {
    FileIds now(paths_);
    const FileId id = now.find(file.path);
    const std::filesystem::path path(file.path);
    // The same file, also when its directory was made in this pass.
    const bool in_made_directory =
        id.rest == path.filename() && made_.find(path.parent_path().string()) == id.inode;
    if (id != files_.find(file.path) && !in_made_directory)
        return Removal::not_now;
    const bool removed = !remove_retired({file}, paths_, interrupt_).empty();
    remove_empty_directories(file.path);
    return removed ? Removal::done : Removal::not_ours;
}

std::vector<std::string> TargetOwners::remove(const std::string& component) {
    Known& known = known_[component];
    Marker marker = narrowed(*known.marker, owners_, find_file_);
    std::vector<std::string> removed;
    std::vector<InstalledFile> kept;
    const auto remove_or_keep = [&](const InstalledFile& file) {
        const Removal removal = remove_file(file);
        if (removal == Removal::not_now)
            kept.push_back(file);
        else if (removal == Removal::done)
            removed.push_back(file.path);
    };
    for (const InstalledFile& file : marker.files)
        if (!marker.is_found(file.path))
            remove_or_keep(file);
    marker.files.clear();
    for (const InstalledFile& file : marker.retired) {
        const Owner* owner = owners_.find(files_.find(file.path));
        const Fate fate = fate_of(file, marker, owner, GoingBack::no);
        if (fate == Fate::keep)
            kept.push_back(file);
        else if (fate == Fate::remove)
            remove_or_keep(file);
    }
    owners_.note_installed(component, ids_of(known.marker->files), {});
    if (kept.empty()) {
        store_.remove_markers(component);
        known.marker.reset();
        return removed;
    }
    marker.retired = std::move(kept);
    store_.remove_activation(component);
    store_.write_installed(marker);
    known.marker = std::move(marker);
    return removed;
}

void TargetOwners::finish(const std::vector<std::string>& names) {
    for (auto& [name, known] : known_) {
        if (!known.marker)
            continue;
        // Also one that lists nothing any more, and became absent since.
        const bool may_end = known.marker->files.empty() || !known.marker->retired.empty();
        if (!may_end && !owners_.any_shared())
            continue;
        settle(name);
        const bool asked_for =
            names.empty() || std::find(names.begin(), names.end(), name) != names.end();
        const bool to_be_removed =
            known.standing == Standing::absent && known.marker && !known.marker->files.empty();
        if (!known.marker || !asked_for || to_be_removed || known.standing == Standing::on_hold)
            continue;
        try {
            retire(known, GoingBack::no);
            forget_if_empty(name, known);
        } catch (const Error& error) {
            spdlog::warn("{}: what it gave up is still there: {}", name, error.what());
        }
    }
    std::vector<UnrecordedFile> unrecorded;
    for (const UnrecordedFile& file : unrecorded_.all())
        try {
            if (is_still_unrecorded(file, names.empty()))
                unrecorded.push_back(file);
        } catch (const Error& error) {
            unrecorded.push_back(file);
            spdlog::warn("'{}', left over from an interrupted pass, is still there: {}", file.path,
                         error.what());
        }
    unrecorded_.replace(std::move(unrecorded));
}

} // namespace provisor
