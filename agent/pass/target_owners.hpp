// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/ownership_test.cpp
#pragma once

#include "base/interrupt.hpp"
#include "install/file_ids.hpp"
#include "install/target.hpp"
#include "model/generation.hpp"
#include "model/ownership.hpp"
#include "model/paths.hpp"
#include "pass/settings.hpp"
#include "store/component_store.hpp"
#include "store/made_directories.hpp"
#include "store/unrecorded_files.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace provisor {

struct Component;

/// Whose the targets are (model/ownership.hpp), by the manifests and markers of all components,
/// also of those that a pass is not about. Markers are read here, narrowed to what their components
/// own; what a component gave up is removed here, once.
class TargetOwners {
public:
    /// Reads every marker. One that cannot be read costs its own component.
    TargetOwners(const Settings& settings, ComponentStore& store, const Paths& paths,
                 const Interrupt& interrupt);
    TargetOwners(const TargetOwners&) = delete;
    TargetOwners& operator=(const TargetOwners&) = delete;

    /// The marker, without what others own; absent when there is none. Throws the Error of reading
    /// it.
    std::optional<Marker> installed(const std::string& component) const;
    /// The marker as it is on disk.
    const std::optional<Marker>& recorded(const std::string& component) const {
        return known_.at(component).marker;
    }
    std::optional<Marker> activated(const std::string& component) const;
    /// Those without what others own, or what somebody else has put there since; none without
    /// files.
    Generations generations(const std::string& component) const;
    /// Why an operator holds the component; absent while nobody does.
    std::optional<std::string> hold(const std::string& component) const;
    /// Whether its marker, as it is on disk, lists files.
    bool has_files(const std::string& component) const;
    /// What was said of the installation that its marker describes holds for the narrowed one.
    /// Returns whether anything changed.
    bool narrow(const std::string& component, Record& record) const;

    /// Whether every manifest and marker could be read. While one could not, nothing is removed: it
    /// may name the file.
    bool is_complete() const { return complete_; }
    /// Why it cannot have all that its manifest names; a Refusal::Why::on_hold only if there is no
    /// other reason.
    const Refusal* refusal(const std::string& component) const;
    /// The owner of a file of a component, if that is another one; else null.
    const Owner* other_owner(const std::string& component, const std::string& path) const;

    /// Whether another component names a file of this one, too.
    bool is_shared(const std::string& component, const std::string& path) const;

    /// Notes those of the files that the marker does not list, before they are staged: if this pass
    /// is killed, they are known to be provisor's.
    void note_unrecorded(const std::string& component, const std::vector<InstalledFile>& files);
    /// Whether an earlier pass put this content there and was killed before it could record it.
    bool is_unrecorded(const InstalledFile& file) const {
        return unrecorded_.was_left(file.path, file.sha256);
    }
    /// The paths that no manifest may name: those of orphans, and those where a pass that was
    /// killed put something, or was about to.
    std::vector<std::string> unclaimed_paths() const;

    /// Notes the directories that were made for a target, before it is put in place there.
    void note_made(const std::vector<MadeDirectory>& directories);

    /// Writes the marker of a component that has just been put in place, then the markers of those
    /// that it took files over from, all of them durably; and removes what it gave up.
    void record(Marker marker, GoingBack going_back);
    /// Removes what a component gave up in an earlier pass.
    void retire(const std::string& component);
    /// Removes the files of a component and what it gave up, and forgets it. Returns the paths that
    /// were removed. What others have or want stays, as does what was there before it.
    std::vector<std::string> remove(const std::string& component);
    /// Finishes what an earlier pass left: narrows markers, removes what components gave up, and,
    /// in a pass over all, what was put in place without being recorded and is not wanted any more.
    /// `names`: the components of this pass, or empty for all.
    void finish(const std::vector<std::string>& names);

private:
    struct Known {
        std::optional<Marker> marker; ///< as it is on disk
        std::optional<Error> error;   ///< why it is not known
        Standing standing = Standing::present;
        bool in_manifests = false;
    };
    void read(const std::string& component, Standing standing);
    Standing standing_of(const Component& component) const;
    void claim(const Component& component, std::vector<Claim>& claims) const;
    void find_givers();
    std::vector<FileId> ids_of(const std::vector<InstalledFile>& files) const;
    bool is_foreign(const std::string& component, const InstalledFile& file) const;
    bool is_in_place(const std::string& path, const std::string& sha256) const;
    void set_adopted(Marker& marker, const std::optional<Marker>& before) const;
    void settle(const std::string& giver);
    void retire(Known& known, GoingBack going_back);
    void forget_if_empty(const std::string& component, Known& known);
    bool is_still_unrecorded(const UnrecordedFile& file, bool all);
    enum class Removal { done, not_ours, not_now };
    Removal remove_file(const InstalledFile& file);
    void remove_empty_directories(const std::string& path);

    ComponentStore& store_;
    MadeDirectories made_;
    UnrecordedFiles unrecorded_;
    const Paths& paths_;
    const Interrupt& interrupt_;
    mutable FileIds files_;
    FindFile find_file_ = [this](const std::string& path) { return files_.find(path); };
    std::map<std::string, Known, std::less<>> known_;
    std::map<std::string, std::string> holds_;
    Owners owners_;
    std::map<std::string, const Refusal*> refused_;
    /// Those whose markers name files that another component owns, by that one.
    std::map<std::string, std::set<std::string>> givers_;
    bool complete_ = true;
};

} // namespace provisor
