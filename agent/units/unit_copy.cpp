// SPDX-License-Identifier: Apache-2.0
#include "units/unit_copy.hpp"

#include "base/error.hpp"
#include "base/inside_root.hpp"

#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <map>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// Where systemctl enables units.
const fs::path enabled_folder = "/etc/systemd/system";

/// A directory that goes with it.
class Scratch {
public:
    Scratch() {
        std::string pattern = (fs::temp_directory_path() / "provisor-units-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw system_error(errno, fmt::format("make directory '{}'", pattern));
        path_ = pattern;
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

using Links = std::map<fs::path, fs::path>; ///< their texts by their names below a folder

Links links_in(const fs::path& folder) {
    Links links;
    if (fs::is_directory(folder))
        for (const auto& entry : fs::recursive_directory_iterator(folder))
            if (entry.is_symlink())
                links[entry.path().lexically_relative(folder)] = fs::read_symlink(entry.path());
    return links;
}

/// Files, links and directories; nothing else is a unit. A link to a directory becomes that
/// directory.
void copy_units(const fs::path& root, const fs::path& folder, const fs::path& to,
                int most_levels = 2) {
    fs::create_directories(to);
    const fs::path from = real_path_inside(root, folder);
    if (!fs::is_directory(from) || most_levels == 0)
        return;
    for (const auto& entry : fs::directory_iterator(from)) {
        const fs::path name = entry.path().filename();
        if (fs::is_directory(real_path_inside(root, folder / name)))
            copy_units(root, folder / name, to / name, most_levels - 1);
        else if (entry.is_symlink())
            fs::copy_symlink(entry.path(), to / name);
        else if (entry.is_regular_file())
            fs::copy_file(entry.path(), to / name);
    }
}

/// Brings the links where units are enabled from one state to another.
void carry_over(const Links& before, const Links& after, const fs::path& root) {
    const auto real = [&](const fs::path& name) {
        return real_path_inside(root, enabled_folder / name.parent_path()) / name.filename();
    };
    for (const auto& [name, text] : before)
        if (!after.contains(name)) {
            const fs::path link = real(name);
            fs::remove(link);
            // As systemctl does: app.target.wants goes with its last link.
            std::error_code not_empty;
            if (name.has_parent_path() && link.parent_path() == real(name.parent_path()))
                fs::remove(link.parent_path(), not_empty);
        }
    for (const auto& [name, text] : after) {
        if (const auto old = before.find(name); old != before.end() && old->second == text)
            continue;
        const fs::path link = real(name);
        fs::create_directories(link.parent_path());
        fs::remove(link);
        fs::create_symlink(text, link);
    }
}

/// Whether the machine and the system below `root` find different things there.
bool leads_out(const fs::path& root, const fs::path& path) {
    return fs::weakly_canonical(root / path.relative_path()) !=
           fs::weakly_canonical(real_path_inside(root, path));
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
}

} // namespace

const std::vector<fs::path>& unit_file_folders() {
    static const std::vector<fs::path> folders{enabled_folder, "/run/systemd/system",
                                               "/usr/local/lib/systemd/system",
                                               "/usr/lib/systemd/system", "/lib/systemd/system"};
    return folders;
}

bool leads_systemctl_astray(const fs::path& root) {
    for (const fs::path& folder : unit_file_folders())
        if (leads_out(root, folder))
            return true;
    std::error_code absent;
    for (const auto& entry :
         fs::directory_iterator(root / enabled_folder.relative_path(), absent)) {
        // Such as multi-user.target.wants.
        const fs::path path = enabled_folder / entry.path().filename();
        if (entry.is_symlink() && leads_out(root, path) &&
            (fs::is_directory(entry.path(), absent) ||
             fs::is_directory(real_path_inside(root, path), absent)))
            return true;
    }
    return false;
}

SystemctlResult run_systemctl_on_copy(const fs::path& root, const std::vector<std::string>& words) {
    try {
        const Scratch scratch;
        for (const fs::path& folder : unit_file_folders())
            copy_units(root, folder, scratch.path() / folder.relative_path());
        const fs::path copy = scratch.path() / enabled_folder.relative_path();
        const Links before = links_in(copy);
        std::vector<std::string> line{"--root=" + scratch.path().string()};
        line.insert(line.end(), words.begin(), words.end());
        SystemctlResult result = run_systemctl(line);
        if (result.exit_status == 0)
            carry_over(before, links_in(copy), root);
        replace_all(result.output, scratch.path().string(), root.string());
        return result;
    } catch (const fs::filesystem_error& error) {
        throw system_error(error.code().value(),
                           fmt::format("enable units below '{}'", root.string()));
    }
}

} // namespace provisor
