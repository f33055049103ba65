// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/inotify.h>
#include <unistd.h>
#include <vector>

namespace provisor::test {

/// Sees every name that goes away in some folders, also one that is there again at once: the kernel
/// notes it down (inotify(7)). A file that another is renamed over does not go away.
class RemovalWatch {
public:
    RemovalWatch() : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
        if (!events_)
            throw std::runtime_error("inotify_init1 failed");
    }

    /// A folder that is watched already is not watched twice.
    void add(const std::filesystem::path& folder) {
        const int watch = ::inotify_add_watch(events_.get(), folder.c_str(),
                                              IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR);
        if (watch < 0)
            throw std::runtime_error("inotify_add_watch failed: " + folder.string());
        folders_[watch] = folder;
    }

    /// What went away since it was asked last, without provisor's temporary files.
    std::vector<std::filesystem::path> removed() {
        std::vector<std::filesystem::path> names;
        alignas(inotify_event) std::array<char, 65536> buffer{};
        for (;;) {
            const ssize_t got = ::read(events_.get(), buffer.data(), buffer.size());
            if (got <= 0)
                return names;
            for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
                inotify_event event{};
                std::memcpy(&event, buffer.data() + at, sizeof event);
                if ((event.mask & IN_Q_OVERFLOW) != 0)
                    throw std::runtime_error("inotify lost events");
                const std::string name(event.len == 0 ? "" : buffer.data() + at + sizeof event);
                if (!name.empty() && !name.starts_with(".provisor-"))
                    names.push_back(folders_.at(event.wd) / name);
                at += sizeof event + event.len;
            }
        }
    }

private:
    Fd events_;
    std::map<int, std::filesystem::path> folders_;
};

} // namespace provisor::test
