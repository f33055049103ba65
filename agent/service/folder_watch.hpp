// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "model/paths.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace provisor {

/// Notices that configuration or manifests changed (inotify): files of the folders that `Paths`
/// names, and those folders themselves when they come, go or are exchanged, whether they exist yet
/// or not. Without inotify (its limits are reached) it notices nothing, says so once in the log,
/// and leaves the work to the interval.
class FolderWatch {
public:
    explicit FolderWatch(const Paths& paths);

    /// Readable when something happened; -1 without inotify.
    int fd() const { return inotify_.get(); }

    /// Watches what is there now. To be called before the files are read, so that what changes
    /// while they are read is noticed.
    void refresh();

    /// Takes what happened, without blocking; returns whether any of it may concern the
    /// configuration.
    bool drain();

private:
    /// What counts in one folder.
    struct Interest {
        bool yaml_files = false;
        std::set<std::string, std::less<>> names;
    };
    struct Watch {
        std::filesystem::path folder;
        Interest interest;
    };
    using Watches = std::map<int, Watch>; ///< by watch descriptor

    void follow(const std::filesystem::path& folder, const Interest& interest, Watches& watches);
    bool watch(const std::filesystem::path& folder, const Interest& interest, Watches& watches);
    bool concerns(int watch, std::uint32_t what, std::string_view name) const;

    std::map<std::filesystem::path, Interest> wanted_;
    Fd inotify_;
    Watches watches_;
    bool complained_ = false;
};

} // namespace provisor
