// SPDX-License-Identifier: Apache-2.0
#include "pass/unread_files.hpp"

#include "base/error.hpp"
#include "model/file_names.hpp"
#include "pass/settings.hpp"
#include "trust/minisign.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// Whoever may change it: that is told of where it is read.
std::optional<StrictDirectory> open_any(const fs::path& path, const Paths& paths) {
    FileRules rules = rules_for(path, paths);
    rules.only_root = false;
    try {
        return StrictDirectory::open(path, rules);
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::string rename_to(const fs::path& file, const std::string& name) {
    return fmt::format("`mv '{}' '{}'` to have it read", file.string(),
                       (file.parent_path() / name).string());
}

UnreadFile describe_unread(const fs::path& file, bool is_directory, const NameRule& rule) {
    if (is_directory)
        return {file, "is a directory, and nothing in it is read",
                fmt::format("move the files in it to '{}', or move it elsewhere",
                            file.parent_path().string())};
    const std::string name = file.filename().string();
    const auto meant = meant_name(name, rule);
    return {file, fmt::format("is not read: its name does not end with '{}'", rule.ending),
            meant ? rename_to(file, *meant)
                  : fmt::format("give it that ending to have it read, or move it elsewhere")};
}

void look_through(const fs::path& path, const NameRule& rule, const Paths& paths,
                  std::vector<UnreadFile>& unread) {
    const std::optional<StrictDirectory> directory = open_any(path, paths);
    for (const std::string& name : directory ? directory->names() : std::vector<std::string>()) {
        const auto facts = directory->look(name);
        if (!facts || is_leftover(name) || name.ends_with(rule.ending))
            continue;
        unread.push_back(describe_unread(path / name, S_ISDIR(facts->st_mode), rule));
    }
}

/// What lies beside agent.yaml and looks as if it were meant to be it, or its drop-ins.
void look_beside_config(const Paths& paths, std::vector<UnreadFile>& unread) {
    const fs::path folder = paths.config_file.parent_path();
    const std::string known = paths.config_file.filename().string();
    const std::string dropins = paths.config_dropins.filename().string();
    // Beside a file that somebody named, other files are of his own.
    if (known != "agent.yaml")
        return;
    const std::optional<StrictDirectory> directory = open_any(folder, paths);
    for (const std::string& name : directory ? directory->names() : std::vector<std::string>()) {
        const auto facts = directory->look(name);
        if (!facts || name == known || name == dropins || is_leftover(name))
            continue;
        const bool is_directory = S_ISDIR(facts->st_mode);
        const auto meant = meant_name(
            is_directory && name.ends_with(".d") ? name.substr(0, name.size() - 2) : name,
            manifest_names);
        const std::string& wanted = is_directory ? dropins : known;
        if (meant == known || (is_directory && name == "agent.d"))
            unread.push_back({folder / name,
                              fmt::format("is not read: '{}' is, in this place", wanted),
                              rename_to(folder / name, wanted)});
    }
}

} // namespace

std::vector<UnreadFile> find_unread_files(const Paths& paths) {
    std::vector<UnreadFile> unread;
    look_beside_config(paths, unread);
    look_through(paths.config_dropins, manifest_names, paths, unread);
    for (const fs::path& directory : paths.manifest_dirs)
        look_through(directory, manifest_names, paths, unread);
    look_through(paths.keys_dir, key_names, paths, unread);
    return unread;
}

} // namespace provisor
