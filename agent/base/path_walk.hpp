// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/base/strict_files_test.cpp, tests/unit/base/inside_root_test.cpp
#pragma once

#include "base/fd.hpp"

#include <filesystem>
#include <functional>
#include <list>
#include <string>
#include <sys/stat.h>

namespace provisor {

/// What is looked at on the way; each throws to end the walk. Names are those below the root,
/// without links: "/etc/provisor".
struct WayChecks {
    /// A directory that was opened, the root too, before any name in it is believed.
    std::function<void(const struct stat& directory, const std::filesystem::path& name)> enter;
    /// A link called `name` in `directory`, before it is followed.
    std::function<void(const struct stat& directory, const struct stat& link,
                       const std::filesystem::path& name)>
        follow;
};

/// Goes a path as the kernel does, one name after the other and through every link. What is above
/// the root is out of reach, as with openat2(2) and RESOLVE_IN_ROOT, which shows nobody the way.
/// Each directory is held by a descriptor, so that what was checked is what the next name is looked
/// up in.
class PathWalk {
public:
    /// Throws Error of kind io when the root cannot be opened. Empty: "/".
    explicit PathWalk(const std::filesystem::path& root, WayChecks checks = {});

    enum class End {
        directory, ///< here() is what the path names
        other,     ///< file() in here() is: neither a directory nor a link
        missing,   ///< rest() is not there, below here()
        dangling   ///< and it is a link, last_link(), that leads there
    };
    /// Throws Error of kind io for what cannot be looked at or followed, and for a file on the way.
    End go(const std::filesystem::path& path);

    const Fd& here() const { return here_; }                    ///< O_PATH
    const struct stat& facts() const { return facts_; }         ///< of here()
    const std::filesystem::path& name() const { return name_; } ///< of here()
    const std::string& file() const { return file_; }
    std::filesystem::path rest() const; ///< may hold ".." that a link's text brought
    const std::filesystem::path& last_link() const { return last_link_; }
    bool is_at_root() const;
    /// The name below the root as it is shown: with the root in front.
    std::string shown(const std::filesystem::path& name) const;

private:
    enum class Step { entered, followed, other, missing };
    Step step(const std::string& name);
    void follow(const std::string& name, const struct stat& link);
    void begin_at_root();
    void add(const std::filesystem::path& way);

    std::filesystem::path shown_root_;
    WayChecks checks_;
    Fd root_;
    struct stat root_facts_;
    Fd here_;
    struct stat facts_ {};
    std::filesystem::path name_;
    std::string file_;
    std::list<std::string> names_; ///< the rest of the way
    std::size_t of_links_ = 0;     ///< how many of them, from the first, a link's text brought
    unsigned links_ = 0;
    std::filesystem::path last_link_;
};

} // namespace provisor
