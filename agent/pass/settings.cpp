// SPDX-License-Identifier: Apache-2.0
#include "pass/settings.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "model/manifest.hpp"
#include "pass/time_zones.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <sys/utsname.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// The YAML files of a folder, sorted; none when there is no such folder.
std::vector<fs::path> yaml_files(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const std::string& name : names_in(folder, Entries::all))
        // An editor's and our own temporary files begin with a dot.
        if (name.ends_with(".yaml") && !name.starts_with('.'))
            files.push_back(folder / name);
    std::sort(files.begin(), files.end());
    return files;
}

/// Systemd's masks: an empty file, or a link to /dev/null.
bool is_mask(const fs::path& file) {
    std::error_code ignored;
    return fs::is_symlink(file, ignored) ? fs::read_symlink(file, ignored) == "/dev/null"
                                         : fs::file_size(file, ignored) == 0 && !ignored;
}

void load_config(const Paths& paths, Settings& settings) {
    std::vector<SourceText> sources;
    std::vector<fs::path> files{paths.config_file};
    for (const fs::path& dropin : yaml_files(paths.config_dropins))
        files.push_back(dropin);
    for (const fs::path& file : files)
        if (auto source = read_source(file, settings.config_errors))
            sources.push_back(std::move(*source));
    ParsedConfig parsed = parse_agent_config(sources);
    settings.config = std::move(parsed.config);
    settings.config_errors.insert(settings.config_errors.end(), parsed.errors.begin(),
                                  parsed.errors.end());
}

/// The manifest files in force, by file name: a later folder's file replaces one of the same name.
std::map<std::string, fs::path> files_in_force(const Paths& paths,
                                               std::vector<ShadowedFile>& shadowed) {
    std::map<std::string, fs::path> in_force;
    for (const fs::path& folder : paths.manifest_dirs)
        for (const fs::path& file : yaml_files(folder)) {
            fs::path& chosen = in_force[file.filename().string()];
            if (!chosen.empty())
                shadowed.push_back({chosen, file, is_mask(file)});
            chosen = file;
        }
    return in_force;
}

} // namespace

Facts gather_facts(const Paths& paths) {
    Facts facts;
    utsname kernel{};
    if (::uname(&kernel) == 0)
        facts.machine = kernel.machine;
    if (const auto id = read_file(paths.under_root("/etc/machine-id"), 4096);
        id && id->size() >= 32)
        facts.machine_id = id->substr(0, 32);
    return facts;
}

std::optional<SourceText> read_source(const fs::path& file, std::vector<Diagnostic>& errors) {
    try {
        // Half of a file may be a good one, without the digest or the `require` that stands in the
        // other half; and one that was just cut to nothing looks like a mask.
        const Fd guard = keep_writers_out(file);
        std::optional<std::string> text = read_file(file, manifest_size_limit);
        // Removed between listing and reading: as if it had never been listed.
        return text ? std::optional(SourceText{file.string(), std::move(*text)}) : std::nullopt;
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::size)
            errors.push_back({{file.string(), 1, 1},
                              fmt::format("the file is larger than {} MiB; split it into several",
                                          manifest_size_limit >> 20U),
                              ""});
        else
            errors.push_back({{file.string(), 0, 0}, error.what(), ""});
        return std::nullopt;
    }
}

Settings load_settings(Paths& paths, const Facts& facts) {
    Settings settings;
    load_config(paths, settings);
    if (!settings.config.state_dir.empty())
        paths.state_dir = paths.under_root(settings.config.state_dir);
    std::vector<ParsedManifest> manifests;
    std::vector<fs::path> failed;
    for (const auto& [name, file] : files_in_force(paths, settings.shadowed)) {
        const std::size_t before = settings.manifest_errors.size();
        if (auto source = read_source(file, settings.manifest_errors)) {
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
    MergedManifests merged = merge_manifests(manifests);
    settings.components = std::move(merged.components);
    settings.warnings.insert(settings.warnings.end(), merged.warnings.begin(),
                             merged.warnings.end());
    for (Diagnostic& error : merged.errors) {
        if (std::find(failed.begin(), failed.end(), fs::path(error.place.file)) == failed.end())
            failed.emplace_back(error.place.file);
        settings.manifest_errors.push_back(std::move(error));
    }
    settings.failed_files = std::move(failed);
    return settings;
}

bool may_pass(const std::vector<Diagnostic>& errors) {
    return std::all_of(errors.begin(), errors.end(),
                       [](const Diagnostic& error) { return error.place.line == 0; });
}

} // namespace provisor
