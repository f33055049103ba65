// SPDX-License-Identifier: Apache-2.0
#include "cli/findings.hpp"

#include "base/error.hpp"
#include "base/inside_root.hpp"
#include "base/quantity.hpp"
#include "install/attributes.hpp"
#include "model/drop_in.hpp"
#include "pass/documents.hpp"
#include "pass/packaged.hpp"
#include "pass/policy.hpp"
#include "pass/unread_files.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <linux/capability.h>
#include <set>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// The folders of everything that provisor puts in place, without --root, each once.
std::set<std::string> target_folders(const Settings& settings, const Paths& paths) {
    std::set<std::string> folders;
    for (const Component& component : settings.components) {
        for (const FileSpec& file : component.files)
            folders.insert(fs::path(file.path).parent_path());
        for (const UnitSpec& unit : component.units)
            if (unit.file)
                folders.insert(paths.unit_dir);
    }
    return folders;
}

/// The folder itself or the first one above it that is there.
fs::path existing(fs::path folder) {
    std::error_code problem;
    while (!fs::exists(folder, problem) && folder.has_relative_path())
        folder = folder.parent_path();
    return folder;
}

void look_at_room(const fs::path& folder, std::uint64_t min_free, Findings& findings) {
    struct statvfs facts {};
    if (::statvfs(folder.c_str(), &facts) != 0)
        return;
    const std::uint64_t free = std::uint64_t{facts.f_bavail} * facts.f_frsize;
    if (free < min_free)
        findings.push_back({Severity::error,
                            fmt::format("only {} are free, and limits.min_free is {}",
                                        format_byte_size(free), format_byte_size(min_free)),
                            folder,
                            "free some room there, or lower limits.min_free in agent.yaml"});
    if ((facts.f_flag & ST_RDONLY) != 0)
        findings.push_back({Severity::error, "the file system is mounted read-only", folder,
                            fmt::format("mount -o remount,rw \"$(findmnt -no TARGET -T '{}')\"",
                                        folder.string())});
}

bool has_programs(const Settings& settings, const std::string& folder) {
    for (const Component& component : settings.components)
        for (const FileSpec& file : component.files)
            if ((file.mode & 0111) != 0 && fs::path(file.path).parent_path() == folder)
                return true;
    return false;
}

void look_at_mount(const fs::path& folder, Findings& findings) {
    struct statvfs facts {};
    if (::statvfs(folder.c_str(), &facts) == 0 && (facts.f_flag & ST_NOEXEC) != 0)
        findings.push_back({Severity::warning,
                            "programs are to be installed where the mount option noexec keeps them "
                            "from being run",
                            folder,
                            fmt::format("mount -o remount,exec \"$(findmnt -no TARGET -T '{}')\"",
                                        folder.string())});
}

/// The file of a unit that the component has put in place, if it has: the text in its manifest, or
/// one of its files.
std::optional<std::string> installed_unit_file(const Component& component, const UnitSpec& unit,
                                               const Paths& paths) {
    std::optional<std::string> file;
    if (unit.file)
        file = paths.unit_dir + "/" + unit.name;
    for (const FileSpec& one : component.files)
        if (fs::path(one.path).filename() == unit.name)
            file = one.path;
    std::error_code problem;
    return file && fs::exists(real_path_inside(paths.root, *file), problem) ? file : std::nullopt;
}

/// Whether `path` is `folder` or below it.
bool lies_in(const fs::path& path, const fs::path& folder) {
    const fs::path rest = path.lexically_relative(folder);
    return !rest.empty() && *rest.begin() != "..";
}

bool is_root(const std::string& account) { return account == "root" || account == "0"; }

/// What takes the right to give files away (CAP_CHOWN); empty when nothing of this component does.
std::string to_give_away(const Component& component) {
    for (const FileSpec& file : component.files)
        if (!is_root(file.owner) || !is_root(file.group))
            return fmt::format("give '{}' to {}:{}", file.path, file.owner, file.group);
    const bool has_commands = !component.check.empty() || component.version_from;
    if (component.files.empty() || !has_commands)
        return "";
    // What is staged is shown to the group of the commands: Staging::lend().
    const FileSpec& first = component.files.front();
    return (first.mode & S_IROTH) != 0
               ? ""
               : fmt::format("show '{}' to `check` and `version_from` alone", first.path);
}

/// What the agent's service would have to give away, and cannot.
void look_at_owners(const Settings& settings, const std::string& service, const UnitState& agent,
                    Findings& findings) {
    if ((agent.capabilities & (std::uint64_t{1} << CAP_CHOWN)) != 0)
        return;
    for (const Component& component : settings.components)
        if (const std::string what = to_give_away(component); !what.empty())
            findings.push_back({Severity::error,
                                fmt::format("the sandbox of {} does not let it {}", service, what),
                                fmt::format("{}:{}", component.place.file, component.place.line),
                                owner_command(service)});
}

/// What takes the right to set capabilities (CAP_SETFCAP); empty when nothing of this file does.
std::string to_set_capabilities(const FileSpec& file, const Paths& paths) {
    if (!file.capabilities.empty())
        return fmt::format("give '{}' the capabilities {}", file.path, file.capabilities);
    try {
        const auto target = find_target(file.path, paths);
        const std::string set_by_hand = target ? read_capabilities(*target) : "";
        return set_by_hand.empty() ? ""
                                   : fmt::format("carry the capabilities {} of '{}' over to a new "
                                                 "version",
                                                 set_by_hand, file.path);
    } catch (const Error&) {
        // What cannot be looked at is reported elsewhere.
        return "";
    }
}

void look_at_capabilities(const Settings& settings, const Paths& paths, const std::string& service,
                          const UnitState& agent, Findings& findings) {
    if ((agent.capabilities & (std::uint64_t{1} << CAP_SETFCAP)) != 0)
        return;
    for (const Component& component : settings.components)
        for (const FileSpec& file : component.files)
            if (const std::string what = to_set_capabilities(file, paths); !what.empty()) {
                findings.push_back(
                    {Severity::error,
                     fmt::format("the sandbox of {} does not let it {}", service, what),
                     fmt::format("{}:{}", component.place.file, component.place.line),
                     capabilities_command(service)});
                break;
            }
}

} // namespace

Findings look_at_components(const Settings& settings) {
    Findings findings;
    for (const Diagnostic& warning : settings.warnings)
        findings.push_back({Severity::warning, warning.message,
                            warning.place.line > 0
                                ? fmt::format("{}:{}", warning.place.file, warning.place.line)
                                : warning.place.file,
                            "change the manifest"});
    for (const Component& component : settings.components) {
        try {
            enforce_policy(component, settings.config);
        } catch (const Error& error) {
            findings.push_back({Severity::error, error.what(),
                                fmt::format("{}:{}", component.place.file, component.place.line),
                                "change the manifest, or `require` in agent.yaml"});
        }
    }
    return findings;
}

Findings look_at_unread(const Paths& paths) {
    Findings findings;
    for (const UnreadFile& unread : find_unread_files(paths))
        findings.push_back({Severity::warning, unread.why, unread.file, unread.remedy});
    return findings;
}

Findings look_at_packages(const Settings& settings, const Paths& paths) {
    Findings findings;
    try {
        const auto refused =
            refused_as_packaged(settings.components, ComponentStore(paths.state_dir), paths);
        for (const Component& component : settings.components)
            if (const auto reason = refused.find(component.name); reason != refused.end())
                findings.push_back(
                    {Severity::error, reason->second,
                     fmt::format("{}:{}", component.place.file, component.place.line),
                     "change the manifest"});
    } catch (const Error& error) {
        findings.push_back({Severity::error, error.what(), "dpkg, rpm",
                            "whether components would replace files of packages cannot be found "
                            "out: put the package database right"});
    }
    return findings;
}

Findings look_at_programs(const std::vector<std::string>& programs) {
    Findings findings;
    for (const std::string& program : programs)
        if (::access(program.c_str(), X_OK) != 0)
            findings.push_back({Severity::error,
                                "a program that provisor starts is missing or not executable",
                                program, "install the package again"});
    return findings;
}

Findings look_at_commands(const Settings& settings) {
    Findings findings;
    for (const Component& component : settings.components) {
        const std::pair<const char*, std::vector<std::string>> commands[] = {
            {"check", component.check},
            {"version_from",
             component.version_from ? component.version_from->command : std::vector<std::string>()},
            {"health.command", component.health.command}};
        for (const auto& [key, words] : commands) {
            const std::string program = words.empty() ? "" : words.front();
            // {staged} and {path} are what comes; and so may be what the component itself installs.
            if (!program.starts_with('/') ||
                std::any_of(component.files.begin(), component.files.end(),
                            [&](const FileSpec& file) { return file.path == program; }) ||
                ::access(program.c_str(), X_OK) == 0)
                continue;
            findings.push_back(
                {Severity::warning,
                 fmt::format("the program of {} of component '{}' is missing or not executable: {}",
                             key, component.name, program),
                 fmt::format("{}:{}", component.place.file, component.place.line),
                 "install it, or change the manifest; until then it does not succeed"});
        }
    }
    return findings;
}

Findings look_at_clock(WallTime now, WallTime earliest) {
    if (now >= earliest)
        return {};
    return {{Severity::error,
             fmt::format("the clock says {}, which is before provisor itself was installed ({}): "
                         "certificates will look as if they were not valid yet",
                         format_rfc3339(now), format_rfc3339(earliest)),
             "clock", "timedatectl set-ntp true"}};
}

Findings look_at_state(const Paths& paths) {
    Findings findings;
    struct stat facts {};
    if (::stat(paths.state_dir.c_str(), &facts) != 0)
        return findings;
    const std::string where = paths.state_dir;
    if (!S_ISDIR(facts.st_mode))
        findings.push_back({Severity::error, "the state directory is no directory", where,
                            "move it out of the way, or set state_dir in agent.yaml"});
    if (facts.st_uid != ::geteuid())
        findings.push_back({Severity::error,
                            fmt::format("the state directory belongs to user {}", facts.st_uid),
                            where, fmt::format("chown {} '{}'", ::geteuid(), where)});
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        findings.push_back({Severity::error, "others may write the state directory", where,
                            fmt::format("chmod go-w '{}'", where)});
    return findings;
}

Findings look_at_places(const Settings& settings, const Paths& paths) {
    Findings findings;
    const std::uint64_t min_free = settings.config.limits.min_free;
    std::set<fs::path> seen;
    const auto look = [&](const fs::path& folder) {
        if (seen.insert(folder).second)
            look_at_room(folder, min_free, findings);
    };
    look(existing(paths.state_dir));
    for (const std::string& folder : target_folders(settings, paths)) {
        const fs::path place = existing(real_path_inside(paths.root, folder));
        struct stat facts {};
        const bool found = ::stat(place.c_str(), &facts) == 0;
        if (found && !S_ISDIR(facts.st_mode)) {
            findings.push_back(
                {Severity::error,
                 fmt::format("is not a directory: nothing can be installed in {}", folder), place,
                 "move it out of the way, or change the manifest"});
            continue;
        }
        look(place);
        if (has_programs(settings, folder))
            look_at_mount(place, findings);
        if (found && (facts.st_mode & S_IWOTH) != 0)
            findings.push_back(
                {Severity::error,
                 "everybody may write the directory, and could put something else in "
                 "place of what is installed there",
                 place, fmt::format("chmod o-w '{}'", place.string())});
    }
    return findings;
}

Findings look_at_credentials(const Settings& settings, const Paths& paths) {
    Findings findings;
    for (const Component& component : settings.components) {
        try {
            static_cast<void>(credentials_for(component, component.url, paths));
        } catch (const Error& error) {
            findings.push_back(
                {Severity::warning, error.what(), fmt::format("component '{}'", component.name),
                 "put the secret into /etc/credstore/NAME (mode 0600), and LoadCredential=NAME "
                 "under [Service] with `systemctl edit provisor.service`; the service's own "
                 "credentials cannot be seen from here"});
        }
    }
    return findings;
}

Findings look_at_units(const Settings& settings, const Paths& paths, UnitManager& units) {
    Findings findings;
    for (const Component& component : settings.components)
        for (const UnitSpec& unit : component.units) {
            const UnitState state = units.state(unit.name);
            if (state.load_state == "masked")
                findings.push_back({Severity::error, "the unit is masked", unit.name,
                                    fmt::format("systemctl unmask {}", unit.name)});
            else if (state.load_state == "not-found" && !unit.file)
                findings.push_back(
                    {Severity::error,
                     fmt::format("component '{}' acts on a unit that is not there", component.name),
                     unit.name, "install the unit, or give its text with `file:` in the manifest"});
            else if (const auto file = installed_unit_file(component, unit, paths);
                     file && !state.fragment_path.empty() && state.fragment_path != *file)
                findings.push_back(
                    {Severity::warning,
                     fmt::format("the unit file in force is '{}'", state.fragment_path), *file,
                     fmt::format("rm '{}' && systemctl daemon-reload", state.fragment_path)});
        }
    return findings;
}

Findings look_at_sandbox(const Settings& settings, const Paths& paths, const std::string& service,
                         const UnitState& agent) {
    Findings findings;
    look_at_owners(settings, service, agent, findings);
    look_at_capabilities(settings, paths, service, agent, findings);
    if (agent.protect_system != "strict")
        return findings;
    std::set<std::string> folders = target_folders(settings, paths);
    folders.insert(paths.state_dir);
    for (const std::string& folder : folders) {
        // Its StateDirectory= is writable without being listed.
        const bool listed = lies_in(folder, "/var/lib/provisor") ||
                            std::any_of(agent.read_write_paths.begin(),
                                        agent.read_write_paths.end(), [&](const std::string& path) {
                                            const std::size_t begin = path.find('/');
                                            return begin != std::string::npos &&
                                                   lies_in(folder, path.substr(begin));
                                        });
        if (!listed)
            findings.push_back(
                {Severity::error,
                 fmt::format("the sandbox of {} does not let it write there", service), folder,
                 write_path_command(service, folder)});
    }
    return findings;
}

} // namespace provisor
