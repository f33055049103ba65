// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "install/accounts.hpp"
#include "install/labels.hpp"
#include "install/target.hpp"
#include "model/marker.hpp"
#include "model/paths.hpp"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// Puts the files of one component in place. Each is first written in full beside its target under
/// a temporary name
/// (".provisor-" and random digits: the only place from which a rename is atomic, since every path
/// that systemd opens for writing is a mount of its own). Until commit() it is root's and has mode
/// 0600. commit() gives each its owner and mode, syncs it, and when all are ready renames them.
/// Whatever was staged and not committed is removed by the destructor, and so are the directories
/// that were made for it.
///
/// A new file gets what stands at its target has beside content, mode and owner (access control
/// list, attributes, capabilities that were set by hand), and the label that the policy of SELinux
/// has for its path. What cannot be carried over is an Error of commit(), before any rename.
///
/// Each file is held by a descriptor from its creation to its rename. Owner and mode are set
/// through that descriptor, and its name is compared with it: what somebody else puts under the
/// temporary name gets neither, and is not installed. Set-id files, files with capabilities and
/// files of another owner than root are refused where others than root may write a directory on the
/// way (require_trusted_way()).
///
/// After a crash each target is the whole old or the whole new file; what is left of a temporary
/// name is removed by sweep_temporaries() in the next pass.
class Staging {
public:
    /// No file system of a target is filled up to less than `min_free` bytes (Error of kind space).
    explicit Staging(const Paths& paths, std::uint64_t min_free = 0)
        : Staging(paths, min_free, system_labels(paths)) {}
    /// With other labels than those of this machine; null: none.
    Staging(const Paths& paths, std::uint64_t min_free, Labels* labels)
        : paths_(paths), min_free_(min_free), labels_(labels) {}
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;
    ~Staging();

    /// Stages the content of `blob`, which must hash to `file.sha256` on the way (Error of kind
    /// digest otherwise).
    void stage_blob(const InstalledFile& file, int blob, const Interrupt& interrupt);
    /// Stages a text (a unit file of the manifest).
    void stage_text(const InstalledFile& file, std::string_view text);
    /// Whether there is a file staged for this target.
    bool has(const std::string& path) const;
    /// Shows the file that is staged for this target to a group, to be read and (a program) run,
    /// and to nobody else, unless everybody will be able to read it anyway; returns where it lies.
    /// It has no set-id bit. take_back() has to follow before commit().
    std::filesystem::path lend(const std::string& path, gid_t group);
    /// Closes it to everybody but root again. Throws Error of kind io when its name stands for
    /// another file meanwhile.
    void take_back(const std::string& path);
    /// The directories that were made for what was staged, the outer ones first.
    const std::vector<MadeDirectory>& made() const { return made_; }
    /// The capabilities of what stands at this target now were not set by hand, and go with it.
    void drop_capabilities(const std::string& path);
    /// Takes away what was staged for this target.
    void discard(const std::string& path);
    /// Gives everything its owner and mode, syncs it, renames it over its target and syncs the
    /// directories. Throws Error of kind io when a name stands for another file than the one that
    /// was staged: before any rename, or after it when it was too late to prevent it.
    void commit();
    /// After commit(): what was not carried over, since it is not known to be root's will; a
    /// sentence for each file, for people.
    const std::vector<std::string>& left_behind() const { return left_behind_; }

private:
    struct Staged {
        InstalledFile file;
        Ownership owner;
        Target target;
        std::string temporary;
        Fd content; ///< for reading: a program that somebody may write cannot be run
        bool committed = false;
        bool keeps_capabilities = true; ///< those set by hand on what it replaces
    };
    Fd begin(const InstalledFile& file);
    static void hold(Staged& staged, const Fd& written);
    void seal(const Staged& staged);
    void give_owner(const Staged& staged, const std::string& what) const;
    void put_in_place(Staged& staged) const;
    const Staged& find(const std::string& path) const;
    Staged& find(const std::string& path);

    const Paths& paths_;
    std::uint64_t min_free_;
    Labels* labels_;
    std::vector<Staged> staged_;
    std::vector<MadeDirectory> made_;
    std::vector<std::string> left_behind_;
};

/// Removes stale temporary files of provisor in the directories of these paths, but for those
/// `done` already, to which they are added; returns what was removed. Only with the lock held:
/// nobody else has one under way then.
std::vector<std::filesystem::path> sweep_temporaries(const std::vector<std::string>& targets,
                                                     const Paths& paths,
                                                     std::set<std::string>& done);

/// Removes retired files that still hold what provisor had put there; returns the paths removed. A
/// file that somebody changed since is not ours any more and stays.
std::vector<std::string> remove_retired(const std::vector<InstalledFile>& retired,
                                        const Paths& paths, const Interrupt& interrupt);

/// Throws Error of kind space when `wanted` bytes would leave less than `min_free` where this
/// target is or will be; for what has not come yet.
void require_room_at(const std::string& path, std::uint64_t wanted, std::uint64_t min_free,
                     const Paths& paths);

} // namespace provisor
