// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/hostile_test.cpp
#pragma once

#include "unpack/archive_reader.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace provisor {

/// Which members of an archive are wanted, and whether each of them may be had. Throws Error of
/// kind unpack that names the member or the pattern.
class Selection {
public:
    explicit Selection(const std::vector<std::string>& patterns);

    /// The patterns (by index) that want the next member of the archive; none for most. A member
    /// that is wanted must be a regular file with all of its bytes and a harmless name (its mode
    /// does not matter, the manifest alone gives one), be the only one that its pattern matches,
    /// and not lie behind a link.
    std::vector<std::uint32_t> wanting(const Member& member);
    /// After the last member: every pattern must have got one.
    void finish() const;

private:
    void check_wanted(const Member& member) const;
    void remember(const Member& member);
    /// Whether the name is that of a folder in which a pattern looks for its member.
    bool leads_to_wanted(const std::string& name) const;

    struct Pattern {
        std::string glob;
        std::string member; ///< what it has matched; empty so far
    };
    std::vector<Pattern> patterns_;
    std::set<std::string> links_; ///< those that lead to something wanted
    std::vector<std::string> similar_;
    std::vector<std::string> first_;
};

} // namespace provisor
