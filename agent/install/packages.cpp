// SPDX-License-Identifier: Apache-2.0
#include "install/packages.hpp"

#include "base/command.hpp"
#include "base/file.hpp"
#include "base/inside_root.hpp"
#include "install/target.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace provisor {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t database_limit = 256U << 20;
constexpr std::string_view list_suffix = ".list";

/// The names under which a package may list a file, each with the target that it is.
using Names = std::map<std::string, std::string, std::less<>>;

/// Where /bin is a link to /usr/bin, packages list the one or the other: the other name.
std::optional<std::string> merged_name(const std::string& path, const Paths& paths) {
    for (const char* folder : {"/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/"}) {
        const std::string beside = std::string("/usr") + folder;
        const bool in_usr = path.starts_with(beside);
        if (!in_usr && !path.starts_with(folder))
            continue;
        std::error_code problem;
        const fs::path link = paths.under_root(std::string(folder, std::strlen(folder) - 1));
        if (fs::is_symlink(link, problem))
            return in_usr ? path.substr(4) : "/usr" + path;
    }
    return std::nullopt;
}

/// The path without links on the way to it; absent when its folder is not there.
std::optional<std::string> real_name(const std::string& path, const Paths& paths) {
    const auto target = find_target(path, paths);
    if (!target)
        return std::nullopt;
    std::error_code problem;
    const fs::path real =
        fs::read_symlink(fmt::format("/proc/self/fd/{}", target->folder.get()), problem) /
        target->name;
    if (paths.root.empty())
        return real;
    return (fs::path("/") / real.lexically_relative(fs::canonical(paths.root, problem))).string();
}

Names names_of(const std::set<std::string>& targets, const Paths& paths) {
    Names names;
    for (const std::string& target : targets)
        for (const auto& name : {std::optional(target), real_name(target, paths)}) {
            if (!name)
                continue;
            names[*name] = target;
            if (const auto other = merged_name(*name, paths))
                names[*other] = target;
        }
    return names;
}

template <typename Use>
void for_each_line(std::string_view text, Use&& use) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        use(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

/// Paths that dpkg puts somewhere else, each with the package that may have it all the same, or ":"
/// for nobody.
std::map<std::string, std::string, std::less<>> read_diversions(const fs::path& database) {
    std::vector<std::string> lines; // from, to, package
    for_each_line(read_file(database / "diversions", database_limit).value_or(""),
                  [&](std::string_view line) { lines.emplace_back(line); });
    std::map<std::string, std::string, std::less<>> diversions;
    for (std::size_t i = 0; i + 2 < lines.size(); i += 3)
        diversions[lines[i]] = lines[i + 2];
    return diversions;
}

void search_debs(const Names& names, const Paths& paths, std::map<std::string, Package>& found) {
    const fs::path database = real_path_inside(paths.root, "/var/lib/dpkg");
    const fs::path lists = real_path_inside(paths.root, "/var/lib/dpkg/info");
    const auto diversions = read_diversions(database);
    // Of all kinds: a list that is no file cannot be read, and what it has is not known then.
    for (const std::string& file : names_in(lists, Entries::all)) {
        if (!file.ends_with(list_suffix))
            continue;
        // "libc6:amd64.list"
        const std::string package =
            file.substr(0, std::min(file.find(':'), file.size() - list_suffix.size()));
        for_each_line(read_file(lists / file, database_limit).value_or(""),
                      [&](std::string_view line) {
                          const auto name = names.find(line);
                          if (name == names.end())
                              return;
                          const auto diverted = diversions.find(line);
                          if (diverted == diversions.end() || diverted->second == package)
                              found[name->second] = {Package::Kind::deb, package};
                      });
    }
}

/// Where rpm keeps its database, if this system has one.
std::optional<std::string> rpm_database(const Paths& paths) {
    for (const char* folder : {"/usr/lib/sysimage/rpm", "/var/lib/rpm"})
        for (const char* file : {"rpmdb.sqlite", "Packages.db", "Packages"}) {
            std::error_code problem;
            const fs::path database = real_path_inside(paths.root, folder);
            if (fs::exists(database / file, problem))
                return database;
        }
    return std::nullopt;
}

void search_rpms(const Names& names, const Paths& paths, std::map<std::string, Package>& found) {
    const std::optional<std::string> database = rpm_database(paths);
    if (!database)
        return;
    // One question for all: the answer has each package that owns one of them, with all its files.
    std::vector<std::string> words{"rpm",
                                   "--dbpath",
                                   *database,
                                   "--query",
                                   "--file",
                                   "--queryformat",
                                   "[%{=NAME}\\t%{FILENAMES}\\n]"};
    for (const auto& [name, target] : names)
        words.push_back(name);
    const ProgramRun answer = run_command(words, {}, std::chrono::minutes(1));
    for_each_line(answer.output, [&](std::string_view line) {
        const std::size_t tab = line.find('\t');
        if (tab == std::string_view::npos)
            return;
        if (const auto name = names.find(line.substr(tab + 1)); name != names.end())
            found[name->second] = {Package::Kind::rpm, std::string(line.substr(0, tab))};
    });
}

} // namespace

std::map<std::string, Package> find_packages(const std::set<std::string>& targets,
                                             const Paths& paths) {
    std::map<std::string, Package> found;
    if (targets.empty())
        return found;
    const Names names = names_of(targets, paths);
    search_debs(names, paths, found);
    search_rpms(names, paths, found);
    return found;
}

} // namespace provisor
