// SPDX-License-Identifier: Apache-2.0
#include "model/ownership.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <tuple>

namespace provisor {
namespace {

/// What one component says of one file.
struct Candidate {
    const Claim* first = nullptr;  ///< a `wanted` one, if there is one
    const Claim* second = nullptr; ///< a second `wanted` one
    unsigned wants = 0;
    bool has = false;

    const std::string& name() const { return first->component; }
};

/// How well a marker keeps a file that nobody wants.
int strength_of(Standing standing) {
    switch (standing) {
    case Standing::unreadable:
        return 5;
    case Standing::on_hold:
        return 4;
    // Stays until somebody removes it; the next two are about to.
    case Standing::orphaned:
        return 3;
    case Standing::present:
        return 2;
    case Standing::absent:
        break;
    }
    return 1;
}

/// How strong the claim is; of equals, the first by name wins.
int strength_of(const Candidate& candidate) {
    const Standing standing = candidate.first->standing;
    const bool stays = standing == Standing::unreadable || standing == Standing::on_hold;
    if (candidate.wants > 0)
        return candidate.has ? 40 : 20;
    if (!candidate.has)
        return 0;
    return (stays ? 30 : 0) + strength_of(standing);
}

/// `claims` are those on one file, by component and kind.
std::vector<Candidate> candidates_of(std::span<const Claim* const> claims) {
    std::vector<Candidate> candidates;
    for (const Claim* claim : claims) {
        if (candidates.empty() || candidates.back().name() != claim->component)
            candidates.push_back({claim});
        Candidate& candidate = candidates.back();
        if (claim->kind == Claim::Kind::wanted && ++candidate.wants == 2)
            candidate.second = claim;
        candidate.has |= claim->kind == Claim::Kind::installed;
    }
    return candidates;
}

/// A file of an absent component is wanted by nobody and goes. Its bytes may be those of another
/// component that lists it, too: each removes what it installed itself.
bool is_of_another(const Owner& owner, const Marker& marker) {
    return owner.component != marker.component && owner.standing != Standing::absent;
}

Refusal refuse(const Candidate& refused, const Candidate& owner) {
    Refusal refusal{refused.name(), refused.first->path, owner.name(), owner.first->path};
    if (owner.wants == 0)
        refusal.why = owner.first->standing == Standing::on_hold ? Refusal::Why::on_hold
                                                                 : Refusal::Why::unreadable;
    return refusal;
}

/// Of two claims of kind `wanted` of one component on one file.
Refusal refuse_twice(const Candidate& candidate) {
    const Claim* first = candidate.first;
    return {first->component, candidate.second->path, first->component, first->path,
            Refusal::Why::named_twice};
}

template <typename Drop>
void erase_files(std::vector<InstalledFile>& files, const Owners& owners, const FindFile& find_file,
                 Drop&& drop) {
    std::erase_if(files, [&](const InstalledFile& file) {
        const Owner* owner = owners.find(find_file(file.path));
        return owner != nullptr && drop(*owner, file);
    });
}

} // namespace

const Owner* Owners::find(const FileId& file) const {
    const auto found =
        std::lower_bound(owners_.begin(), owners_.end(), file,
                         [](const Owner& owner, const FileId& id) { return owner.file < id; });
    return found == owners_.end() || found->file != file ? nullptr : &*found;
}

void Owners::note_installed(const std::string& component, const std::vector<FileId>& before,
                            const std::vector<FileId>& now) {
    const auto set = [&](const std::vector<FileId>& files, bool has) {
        for (const FileId& file : files)
            if (const Owner* owner = find(file); owner != nullptr && owner->component == component)
                owners_[static_cast<std::size_t>(owner - owners_.data())].has = has;
    };
    set(before, false);
    set(now, true);
}

Owners find_owners(const std::vector<Claim>& all) {
    // Pointers, since to move the texts of a claim takes most of the time of sorting.
    std::vector<const Claim*> claims;
    claims.reserve(all.size());
    for (const Claim& claim : all)
        claims.push_back(&claim);
    std::sort(claims.begin(), claims.end(), [](const Claim* one, const Claim* other) {
        return std::tie(one->file, one->component, one->kind, one->path) <
               std::tie(other->file, other->component, other->kind, other->path);
    });
    Owners result;
    for (auto begin = claims.begin(); begin != claims.end();) {
        const FileId& file = (*begin)->file;
        const auto end = std::find_if(begin, claims.end(),
                                      [&](const Claim* claim) { return claim->file != file; });
        const std::vector<Candidate> candidates = candidates_of({begin, end});
        // Of equals the first, which is the first by name.
        const Candidate& owner = *std::max_element(
            candidates.begin(), candidates.end(), [](const Candidate& one, const Candidate& other) {
                return strength_of(one) < strength_of(other);
            });
        for (const Candidate& candidate : candidates) {
            if (candidate.wants > 0 && &candidate != &owner)
                result.refusals_.push_back(refuse(candidate, owner));
            else if (candidate.wants > 1)
                result.refusals_.push_back(refuse_twice(candidate));
        }
        result.any_shared_ |= candidates.size() > 1;
        const bool wanted_by_another =
            std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
                return candidate.wants > 0 && &candidate != &owner;
            });
        result.owners_.push_back({file, owner.name(), owner.first->path, owner.first->standing,
                                  owner.wants > 0, owner.has, candidates.size() > 1,
                                  wanted_by_another});
        begin = end;
    }
    return result;
}

Marker narrowed(Marker marker, const Owners& owners, const FindFile& find_file) {
    std::vector<InstalledFile> waiting;
    erase_files(marker.files, owners, find_file, [&](const Owner& owner, const InstalledFile& one) {
        if (is_of_another(owner, marker) && !owner.has)
            waiting.push_back(one);
        return is_of_another(owner, marker);
    });
    erase_files(marker.retired, owners, find_file, [&](const Owner& owner, const auto&) {
        return is_of_another(owner, marker) && owner.has;
    });
    marker.retired.insert(marker.retired.end(), waiting.begin(), waiting.end());
    return marker;
}

Marker settled(Marker marker, const Owners& owners, const FindFile& find_file) {
    const auto is_had_by_another = [&](const Owner& owner, const auto&) {
        return is_of_another(owner, marker) && owner.has;
    };
    erase_files(marker.files, owners, find_file, is_had_by_another);
    erase_files(marker.retired, owners, find_file, is_had_by_another);
    return marker;
}

Fate fate_of(const InstalledFile& retired, const Marker& marker, const Owner* owner,
             GoingBack going_back) {
    if (owner == nullptr)
        return Fate::remove;
    if (owner->component != marker.component && owner->standing == Standing::absent)
        return Fate::remove;
    if (owner->component != marker.component)
        return owner->wants && !owner->has ? Fate::keep : Fate::forget;
    if (owner->has)
        return Fate::forget;
    // It was on hold when it had the file, and has gone back since to an installation without it.
    if (owner->wanted_by_another)
        return Fate::keep;
    const bool was_taken_over = std::find(marker.adopted.begin(), marker.adopted.end(),
                                          retired.path) != marker.adopted.end();
    return owner->wants && (going_back == GoingBack::no || was_taken_over) ? Fate::keep
                                                                           : Fate::remove;
}

std::string describe(const Refusal& refusal) {
    const std::string same =
        refusal.path == refusal.owner_path
            ? fmt::format("'{}' belongs to", refusal.path)
            : fmt::format("'{}' is the same file as '{}' of", refusal.path, refusal.owner_path);
    switch (refusal.why) {
    case Refusal::Why::named_twice:
        return fmt::format("'{}' and '{}' are the same file; name it once", refusal.owner_path,
                           refusal.path);
    case Refusal::Why::taken:
        break;
    case Refusal::Why::unreadable:
        return fmt::format("{} component '{}', which may be in a manifest that has errors; correct "
                           "that first (`provisor check`)",
                           same, refusal.owner);
    case Refusal::Why::on_hold:
        return fmt::format("operator: {} '{}', which is on hold; `provisor release {}`", same,
                           refusal.owner, refusal.owner);
    }
    return fmt::format("{} component '{}'; two components cannot share a file", same,
                       refusal.owner);
}

} // namespace provisor
