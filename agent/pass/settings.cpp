// SPDX-License-Identifier: Apache-2.0
#include "pass/settings.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/inside_root.hpp"
#include "install/own_directories.hpp"
#include "model/inline_secrets.hpp"
#include "model/manifest.hpp"
#include "model/placeholders.hpp"
#include "pass/time_zones.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <sys/utsname.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// What is wrong with a file or directory as a whole.
Diagnostic about(const fs::path& path, const Error& error) {
    return {{path.string(), 0, 0}, error.what(), "", 0, error.kind() == ErrorKind::io};
}

/// One cause (a folder above several of them) is one error.
void complain_of_folder(const fs::path& path, const Error& error, std::vector<Diagnostic>& errors) {
    // What is wrong for a while is not for here: half a list must not be taken for the whole.
    if (error.kind() != ErrorKind::config)
        throw error;
    if (std::none_of(errors.begin(), errors.end(),
                     [&](const Diagnostic& one) { return one.message == error.what(); }))
        errors.push_back(about(path, error));
}

/// What `read` returns; an Error that leaves it is one more in `errors`.
template <typename Read>
std::optional<SourceText> read_or_complain(const fs::path& file, std::vector<Diagnostic>& errors,
                                           Read&& read) {
    try {
        return read();
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::size)
            errors.push_back({{file.string(), 1, 1},
                              fmt::format("the file is larger than {} MiB; split it into several",
                                          manifest_size_limit >> 20U),
                              ""});
        else
            errors.push_back(about(file, error));
        return std::nullopt;
    }
}

/// As one state of the file: half of one may be a good one, without the digest or the `require`
/// that stands in the other half; and one that was just cut to nothing looks like a mask.
SourceText read_opened(const fs::path& file, const StrictFile& opened) {
    SourceText source{file.string(), "", opened.is_public};
    if (opened.is_null)
        return source;
    keep_writers_out(opened.fd, file);
    source.text =
        read_to_end(opened.fd.get(), manifest_size_limit, fmt::format("read '{}'", file.string()));
    return source;
}

std::optional<SourceText> read_found(const fs::path& file, std::optional<StrictFile> opened) {
    // Removed between listing and opening: as if it had never been listed.
    return opened ? std::optional(read_opened(file, *opened)) : std::nullopt;
}

std::vector<std::string> yaml_names(const std::optional<StrictDirectory>& folder) {
    std::vector<std::string> names = folder ? folder->names() : std::vector<std::string>();
    // An editor's and our own temporary files begin with a dot.
    std::erase_if(names, [](const std::string& name) {
        return !name.ends_with(".yaml") || name.starts_with('.');
    });
    return names;
}

/// Of a proxy's password in a file that everybody can read.
void warn_of_secrets(const std::vector<SourceText>& sources, std::vector<Diagnostic>& warnings) {
    for (const SourceText& source : sources)
        // Seldom enough to be worth reading twice.
        if (source.is_public && source.text.find('@') != std::string::npos &&
            has_user_info(parse_agent_config({source}).config.proxy))
            warnings.push_back(
                {{source.file, 0, 0},
                 fmt::format("a password stands in proxy, and every user of this machine can read "
                             "the file; take that right away (`chmod o-r '{}'`)",
                             source.file),
                 ""});
}

void load_config(const Paths& paths, Settings& settings) {
    std::vector<SourceText> sources;
    const auto take = [&](const fs::path& file, auto&& open) {
        auto source = read_or_complain(file, settings.config_errors,
                                       [&] { return read_found(file, open()); });
        if (source)
            sources.push_back(std::move(*source));
    };
    take(paths.config_file,
         [&] { return open_strictly(paths.config_file, rules_for(paths.config_file, paths)); });
    try {
        const auto dropins =
            StrictDirectory::open(paths.config_dropins, rules_for(paths.config_dropins, paths));
        for (const std::string& name : yaml_names(dropins))
            take(paths.config_dropins / name, [&] { return dropins->open_file(name); });
    } catch (const Error& error) {
        complain_of_folder(paths.config_dropins, error, settings.config_errors);
    }
    warn_of_secrets(sources, settings.warnings);
    ParsedConfig parsed = parse_agent_config(sources);
    settings.config = std::move(parsed.config);
    settings.config_errors.insert(settings.config_errors.end(), parsed.errors.begin(),
                                  parsed.errors.end());
}

/// A directory of manifests, and which ones are in it.
struct ManifestFolder {
    fs::path path;
    std::optional<StrictDirectory> readable; ///< not when it is refused, or not there
    std::vector<std::string> names = {};
};

/// The names in a folder that is refused: its files are in force no less for that, but nobody knows
/// what is in them.
std::vector<std::string> names_in_refused(const fs::path& path, const Paths& paths) {
    FileRules rules = rules_for(path, paths);
    rules.only_root = false;
    try {
        return yaml_names(StrictDirectory::open(path, rules));
    } catch (const Error&) {
        return {}; // a link that leads nowhere, or no folder
    }
}

ManifestFolder look_through(const fs::path& path, const Paths& paths, Settings& settings) {
    ManifestFolder folder{path, std::nullopt};
    try {
        folder.readable = StrictDirectory::open(path, rules_for(path, paths));
        folder.names = yaml_names(folder.readable);
    } catch (const Error& error) {
        complain_of_folder(path, error, settings.manifest_errors);
        folder.names = names_in_refused(path, paths);
        // Somebody else may have taken files away: what they named is not orphaned.
        if (folder.names.empty())
            settings.failed_files.push_back(path);
    }
    return folder;
}

/// Systemd's masks: an empty file, or a link to /dev/null.
bool is_mask(const ManifestFolder& folder, const std::string& name) {
    const auto facts = folder.readable ? folder.readable->look(name) : std::nullopt;
    return facts && (S_ISLNK(facts->st_mode) ? folder.readable->link_text(name) == "/dev/null"
                                             : S_ISREG(facts->st_mode) && facts->st_size == 0);
}

/// The folders of the manifest files in force, by file name: a later folder's file replaces one of
/// the same name.
std::map<std::string, const ManifestFolder*>
files_in_force(const std::vector<ManifestFolder>& folders, std::vector<ShadowedFile>& shadowed) {
    std::map<std::string, const ManifestFolder*> in_force;
    for (const ManifestFolder& folder : folders)
        for (const std::string& name : folder.names) {
            const ManifestFolder*& chosen = in_force[name];
            if (chosen != nullptr)
                shadowed.push_back(
                    {chosen->path / name, folder.path / name, is_mask(folder, name)});
            chosen = &folder;
        }
    return in_force;
}

} // namespace

Facts gather_facts(const Paths& paths) {
    Facts facts;
    utsname kernel{};
    if (::uname(&kernel) == 0)
        facts.machine = kernel.machine;
    if (const auto id = read_inside(paths.root, "/etc/machine-id", 4096); id && id->size() >= 32)
        facts.machine_id = id->substr(0, 32);
    return facts;
}

FileRules rules_for(const fs::path& path, const Paths& paths) {
    // A file that is named with --config is of this machine.
    const bool is_below = name_inside(paths.root, path).has_value();
    return {is_below ? paths.root : fs::path(), ::geteuid() == 0 && !paths.user};
}

std::optional<SourceText> read_source(const fs::path& file, std::vector<Diagnostic>& errors) {
    return read_or_complain(file, errors, [&]() -> std::optional<SourceText> {
        const Fd guard = keep_writers_out(file);
        std::optional<std::string> text = read_file(file, manifest_size_limit);
        return text ? std::optional(SourceText{file.string(), std::move(*text)}) : std::nullopt;
    });
}

Settings load_settings(Paths& paths, const Facts& facts) {
    Settings settings;
    load_config(paths, settings);
    if (!settings.config.state_dir.empty())
        paths.state_dir = own_directory(settings.config.state_dir, paths);
    std::vector<ManifestFolder> folders;
    for (const fs::path& folder : paths.manifest_dirs)
        folders.push_back(look_through(folder, paths, settings));
    std::vector<ParsedManifest> manifests;
    std::vector<fs::path>& failed = settings.failed_files;
    for (const auto& in_force : files_in_force(folders, settings.shadowed)) {
        const std::string& name = in_force.first;
        const ManifestFolder& folder = *in_force.second;
        const fs::path file = folder.path / name;
        const std::size_t before = settings.manifest_errors.size();
        if (!folder.readable) {
            failed.push_back(file);
            continue;
        }
        auto source = read_or_complain(file, settings.manifest_errors, [&] {
            return read_found(file, folder.readable->open_file(name));
        });
        if (source) {
            ParsedManifest parsed = parse_manifest(std::move(*source), facts);
            require_time_zones(parsed, paths);
            settings.manifest_errors.insert(settings.manifest_errors.end(), parsed.errors.begin(),
                                            parsed.errors.end());
            settings.warnings.insert(settings.warnings.end(), parsed.warnings.begin(),
                                     parsed.warnings.end());
            manifests.push_back(std::move(parsed));
        }
        if (settings.manifest_errors.size() > before)
            failed.push_back(file);
    }
    MergedManifests merged = merge_manifests(manifests, paths.unit_dir);
    settings.components = std::move(merged.components);
    settings.warnings.insert(settings.warnings.end(), merged.warnings.begin(),
                             merged.warnings.end());
    for (Diagnostic& error : merged.errors) {
        if (std::find(failed.begin(), failed.end(), fs::path(error.place.file)) == failed.end())
            failed.emplace_back(error.place.file);
        settings.manifest_errors.push_back(std::move(error));
    }
    return settings;
}

bool may_pass(const std::vector<Diagnostic>& errors) {
    return std::all_of(errors.begin(), errors.end(),
                       [](const Diagnostic& error) { return error.may_pass; });
}

} // namespace provisor
