// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace provisor {

/// Which files are taken.
struct FileRules {
    std::filesystem::path root = {}; ///< links never lead out of it; empty: "/"
    /// Only those that nobody but root can change, as with StrictModes in sshd_config(5): the file
    /// that is read, its directory and every directory on the way, from `root` or "/" on, belong to
    /// root, and neither a group nor others may write them. `root` itself is not looked at: whoever
    /// names it answers for it. Of a POSIX ACL the mask counts, which the group's bits show.
    bool only_root = false;
};

/// A regular file that was opened, or what stands for none.
struct StrictFile {
    Fd fd;                  ///< for reading; not open when is_null
    bool is_null = false;   ///< /dev/null, or a link to it
    bool is_public = false; ///< everybody may read it, and every directory on the way lets them
};

/// A file by its path, which has the root in front; absent when it is not there. Throws Error of
/// kind config, without the path but with what to type, for one that is refused, that is no regular
/// file, or that a link names which leads nowhere; of kind io when it cannot be opened. Never waits
/// for a writer, as opening a FIFO does.
std::optional<StrictFile> open_strictly(const std::filesystem::path& file, const FileRules& rules);

/// A directory in which files are found by their names.
class StrictDirectory {
public:
    /// Absent when it is not there; throws like open_strictly().
    static std::optional<StrictDirectory> open(const std::filesystem::path& path,
                                               const FileRules& rules);

    /// The names of all that is in it, sorted. Throws Error of kind io when it cannot be read to
    /// its end.
    std::vector<std::string> names() const;
    /// lstat(2) of a name in it; absent when there is no such name (any more).
    std::optional<struct stat> look(const std::string& name) const;
    /// The text of a link in it; empty for what is no link.
    std::string link_text(const std::string& name) const;
    /// Like open_strictly() for this name in it.
    std::optional<StrictFile> open_file(const std::string& name) const;

    const std::filesystem::path& path() const { return path_; } ///< as it was given

private:
    StrictDirectory(std::filesystem::path path, FileRules rules, Fd fd, bool is_reachable)
        : path_(std::move(path)), rules_(std::move(rules)), fd_(std::move(fd)),
          is_reachable_(is_reachable) {}
    friend std::optional<StrictFile> open_strictly(const std::filesystem::path& file,
                                                   const FileRules& rules);
    enum class Sticky { refuse, allow };
    static std::optional<StrictDirectory> open(const std::filesystem::path& path,
                                               const FileRules& rules, Sticky sticky);

    std::filesystem::path path_;
    FileRules rules_;
    Fd fd_;                     ///< for reading
    bool is_reachable_ = false; ///< for everybody
};

} // namespace provisor
