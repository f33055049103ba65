// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace provisor {

/// Which blobs the wanted members of an artifact are: `contents/<artifact>-<selection>` of the
/// cache, JSON. May be lost without harm; the artifact is then unpacked again.
class Unpacked {
public:
    explicit Unpacked(const std::filesystem::path& state_dir);

    /// What was unpacked of an artifact by a selection (any text that stands for the format and the
    /// patterns), by pattern; absent when that was not done yet, one of the blobs is gone, or the
    /// record is not about these patterns, each and no other (it was damaged).
    std::optional<std::map<std::string, std::string>>
    find(const std::string& artifact, const std::string& selection,
         const std::vector<std::string>& patterns) const;
    void remember(const std::string& artifact, const std::string& selection,
                  const std::map<std::string, std::string>& contents);

    /// The members of those artifacts.
    std::set<std::string> members_of(const std::set<std::string>& artifacts) const;
    /// Forgets all artifacts but those.
    void prune(const std::set<std::string>& artifacts);

private:
    std::filesystem::path path(const std::string& artifact, const std::string& selection) const;

    std::filesystem::path state_dir_;
    std::filesystem::path folder_;
    std::filesystem::path blobs_;
};

} // namespace provisor
