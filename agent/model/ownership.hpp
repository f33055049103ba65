// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/marker.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// Which file a path leads to, also one that does not exist yet: the deepest directory on the way
/// that exists, with links resolved, and the rest of the path. Two paths with the same FileId are
/// one file.
struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string rest;
    auto operator<=>(const FileId&) const = default;
};

/// What the manifests say of a component whose marker names a file.
enum class Standing {
    present,   ///< a manifest wants it
    on_hold,   ///< an operator or its manifest holds it
    absent,    ///< its manifest says `state: absent`
    orphaned,  ///< every manifest was read, and none names it
    unreadable ///< no manifest that was read names it, and one that was not may do so
};

/// A component names a file: its manifest (`wanted`) or its marker.
struct Claim {
    enum class Kind { wanted, installed, retired };
    std::string component;
    std::string path;
    FileId file;
    Kind kind = Kind::wanted;
    Standing standing = Standing::present;
};

/// Whose a file is.
struct Owner {
    FileId file;
    std::string component;
    std::string path; ///< as the component names it
    Standing standing = Standing::present;
    bool wants = false;             ///< its manifest names the file
    bool has = false;               ///< its marker lists it among `files`
    bool shared = false;            ///< another component names it, too
    bool wanted_by_another = false; ///< another component's manifest names it, too
};

/// Why a component cannot have what its manifest names.
struct Refusal {
    enum class Why {
        named_twice, ///< two of its own paths are one file
        taken,       ///< another component wants the file and has it, or comes first
        unreadable,  ///< it is installed for a component whose manifest could not be read
        on_hold      ///< it is installed for a component that is on hold
    };
    std::string component;
    std::string path;
    std::string owner;      ///< the component that keeps the file
    std::string owner_path; ///< as that one names it
    Why why = Why::taken;
};

/// The one owner of each file that anybody claims.
class Owners {
public:
    /// Null for a file that nobody claims.
    const Owner* find(const FileId& file) const;
    /// In the order of the files; several for a component that is refused several.
    const std::vector<Refusal>& refusals() const { return refusals_; }
    /// Whether a file is named by two components. While none is, no marker has to be narrowed.
    bool any_shared() const { return any_shared_; }
    /// Its marker was replaced: it lists these files now, and not those any more.
    void note_installed(const std::string& component, const std::vector<FileId>& before,
                        const std::vector<FileId>& now);

private:
    friend Owners find_owners(const std::vector<Claim>& all);
    std::vector<Owner> owners_; ///< sorted by file
    std::vector<Refusal> refusals_;
    bool any_shared_ = false;
};

/// Gives each file one owner:
/// - a component whose manifest wants it: the one that has it installed, else the first by name.
///   All others that want it are refused, as is one that names it twice;
/// - but a component that has it and is on hold, or whose manifest could not be read, keeps it, and
///   who wants it is refused;
/// - when nobody wants it, one whose marker names it. Another one that drops it then does not
///   remove it.
/// Takes O(N log N).
Owners find_owners(const std::vector<Claim>& all);

/// Looks up which file a path leads to.
using FindFile = std::function<FileId(const std::string& path)>;

/// The marker without the files that other components own, as a pass has to see it: who does not
/// own a file does not repair, replace or remove it. Such a file stays among `retired` until its
/// owner has it installed, so that it is not forgotten when the owner loses interest.
Marker narrowed(Marker marker, const Owners& owners, const FindFile& find_file);

/// The marker without the files that other components have installed, as it has to be on disk.
Marker settled(Marker marker, const Owners& owners, const FindFile& find_file);

/// What becomes of a file that a component gave up.
enum class Fate {
    remove, ///< if it still holds what was installed there; then it is forgotten
    keep,   ///< somebody wants it and does not have it yet
    forget  ///< it belongs to another component, or to the same one by another path
};

enum class GoingBack { no, yes };

/// `owner`: of the file, or null. While a component goes back to an earlier installation, a file
/// that its manifest wants is removed, unless it was taken over from another component or another
/// one wants it, too.
Fate fate_of(const InstalledFile& retired, const Marker& marker, const Owner* owner,
             GoingBack going_back);

/// Why the component is refused, and what to do.
std::string describe(const Refusal& refusal);

} // namespace provisor
