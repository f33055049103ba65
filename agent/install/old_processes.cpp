// SPDX-License-Identifier: Apache-2.0
#include "install/old_processes.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "install/target.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <optional>

namespace provisor {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t proc_limit = 1U << 20;
constexpr std::string_view deleted = " (deleted)"; // proc(5)

/// A file of the component as it is now.
struct CurrentFile {
    std::string path; ///< as in the manifest
    std::string real; ///< without links on the way, as processes see it
    std::optional<struct stat> facts;
};

std::vector<CurrentFile> look_at_files(const std::vector<InstalledFile>& files,
                                       const Paths& paths) {
    std::vector<CurrentFile> found;
    for (const InstalledFile& file : files) {
        std::error_code problem;
        const auto target = (file.mode & 0111) != 0 ? find_target(file.path, paths) : std::nullopt;
        if (!target)
            continue;
        const fs::path folder =
            fs::read_symlink(fmt::format("/proc/self/fd/{}", target->folder.get()), problem);
        found.push_back({file.path, folder / target->name, target->look()});
    }
    return found;
}

/// The main process and those of its control group (cgroups(7), version 2).
std::vector<std::uint32_t> processes_of_unit(std::uint32_t main_pid) {
    std::vector<std::uint32_t> pids{main_pid};
    const auto groups = read_file(fmt::format("/proc/{}/cgroup", main_pid), proc_limit);
    const std::size_t begin = groups ? groups->find("0::/") : std::string::npos;
    if (begin == std::string::npos)
        return pids;
    const std::string group = groups->substr(begin + 3, groups->find('\n', begin) - begin - 3);
    const auto members = read_file("/sys/fs/cgroup" + group + "/cgroup.procs", proc_limit);
    const std::string text = members.value_or("");
    for (const char* next = text.data(); next != text.data() + text.size();) {
        std::uint32_t pid = 0;
        const auto [end, fault] = std::from_chars(next, text.data() + text.size(), pid);
        if (fault != std::errc())
            break;
        if (pid != main_pid)
            pids.push_back(pid);
        next = end + (end != text.data() + text.size() ? 1 : 0);
    }
    return pids;
}

/// The file that the process executes an older one of, if any.
const CurrentFile* replaced_file(std::uint32_t pid, const std::vector<CurrentFile>& files) {
    const std::string link = fmt::format("/proc/{}/exe", pid);
    std::error_code problem;
    std::string name = fs::read_symlink(link, problem);
    struct stat running {};
    if (problem || ::stat(link.c_str(), &running) != 0)
        return nullptr;
    if (name.ends_with(deleted))
        name.resize(name.size() - deleted.size());
    const auto same = std::find_if(files.begin(), files.end(),
                                   [&](const CurrentFile& file) { return file.real == name; });
    if (same == files.end() || (same->facts && same->facts->st_dev == running.st_dev &&
                                same->facts->st_ino == running.st_ino))
        return nullptr;
    return &*same;
}

} // namespace

std::vector<OldProcess> find_old_processes(const std::vector<InstalledFile>& files,
                                           std::uint32_t main_pid, const Paths& paths) {
    std::vector<OldProcess> old;
    if (main_pid == 0)
        return old;
    try {
        const std::vector<CurrentFile> current = look_at_files(files, paths);
        for (const std::uint32_t pid : processes_of_unit(main_pid))
            if (const CurrentFile* file = replaced_file(pid, current))
                old.push_back({pid, file->path});
    } catch (const Error&) {
        // It ended while it was looked at, or may not be looked at.
    }
    return old;
}

} // namespace provisor
