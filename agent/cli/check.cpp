// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/config_rows_test.cpp
#include "base/error.hpp"
#include "base/file.hpp"
#include "cli/commands.hpp"
#include "model/manifest.hpp"
#include "pass/packaged.hpp"
#include "pass/policy.hpp"
#include "pass/target_owners.hpp"
#include "pass/time_zones.hpp"
#include "pass/trust.hpp"
#include "pass/unread_files.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;

/// The given files as if they were all the manifests of a machine.
Settings load_files(const std::vector<std::string>& files, const Context& context) {
    Settings settings;
    std::vector<ParsedManifest> manifests;
    for (const std::string& file : files) {
        const std::size_t before = settings.manifest_errors.size();
        std::optional<SourceText> source = read_source(file, settings.manifest_errors);
        if (!source && settings.manifest_errors.size() == before)
            throw Error(ErrorKind::config, fmt::format("there is no file '{}'", file));
        if (!source)
            continue;
        ParsedManifest parsed = parse_manifest(std::move(*source), context.facts);
        require_time_zones(parsed, context.paths);
        settings.manifest_errors.insert(settings.manifest_errors.end(), parsed.errors.begin(),
                                        parsed.errors.end());
        settings.warnings.insert(settings.warnings.end(), parsed.warnings.begin(),
                                 parsed.warnings.end());
        manifests.push_back(std::move(parsed));
    }
    MergedManifests merged = merge_manifests(manifests, context.paths.unit_dir);
    settings.components = std::move(merged.components);
    settings.manifest_errors.insert(settings.manifest_errors.end(), merged.errors.begin(),
                                    merged.errors.end());
    settings.warnings.insert(settings.warnings.end(), merged.warnings.begin(),
                             merged.warnings.end());
    return settings;
}

/// Keys that manifests name and that are not in keys.d, and manifests that name none of several.
void judge_keys(Settings& settings, const Paths& paths) {
    const std::vector<Component>& components = settings.components;
    if (std::all_of(components.begin(), components.end(),
                    [](const Component& component) { return component.signature.empty(); }))
        return;
    const KeysInForce keys = keys_in_force(read_keys(paths));
    for (const Component& component : components) {
        const auto said = [&](const std::string& what) {
            return Diagnostic{component.place,
                              fmt::format("component '{}': {}", component.name, what), ""};
        };
        if (const auto fault = find_key_fault(component, keys))
            settings.manifest_errors.push_back(said(*fault));
        if (const auto warning = find_key_warning(component, keys))
            settings.warnings.push_back(said(*warning));
    }
}

/// What a pass would refuse although it is well written.
void warn_of_refused(Settings& settings, const Paths& paths, const Interrupt& interrupt) {
    ComponentStore store(paths.state_dir);
    std::optional<TargetOwners> owners;
    std::map<std::string, std::string> packaged;
    try {
        owners.emplace(settings, store, paths, interrupt);
        packaged = refused_as_packaged(settings.components, store, paths);
    } catch (const Error&) {
        // `doctor` says what keeps it from being known; here it is about what is written.
    }
    for (const Component& component : settings.components) {
        try {
            enforce_policy(component, settings.config);
        } catch (const Error& error) {
            settings.warnings.push_back(
                {component.place, fmt::format("component '{}': {}", component.name, error.what()),
                 ""});
        }
        if (const Refusal* refusal = owners ? owners->refusal(component.name) : nullptr)
            settings.warnings.push_back(
                {component.place,
                 fmt::format("component '{}': {}", component.name, describe(*refusal)), ""});
        if (const auto reason = packaged.find(component.name); reason != packaged.end())
            settings.warnings.push_back(
                {component.place, fmt::format("component '{}': {}", component.name, reason->second),
                 ""});
    }
}

/// What is in the directories of the configuration, and of no effect there.
void warn_of_unread(Settings& settings, const Paths& paths) {
    for (const UnreadFile& unread : find_unread_files(paths))
        settings.warnings.push_back(
            {{unread.file.string(), 0, 0}, fmt::format("{}; {}", unread.why, unread.remedy), ""});
    for (const std::string& problem :
         read_keys(paths.keys_dir, rules_for(paths.keys_dir, paths)).problems)
        settings.warnings.push_back({{"", 0, 0}, problem, ""});
}

Json to_json(const std::vector<Diagnostic>& diagnostics) {
    Json list = Json::array();
    for (const Diagnostic& diagnostic : diagnostics)
        list.push_back({{"file", diagnostic.place.file},
                        {"line", diagnostic.place.line},
                        {"column", diagnostic.place.column},
                        {"message", diagnostic.message}});
    return list;
}

} // namespace

int command_check(Context& context, const std::vector<std::string>& files) {
    Settings settings =
        files.empty() ? load_settings(context.paths, context.facts) : load_files(files, context);
    warn_of_refused(settings, context.paths, context.interrupt);
    judge_keys(settings, context.paths);
    if (files.empty())
        warn_of_unread(settings, context.paths);
    std::vector<Diagnostic> errors = settings.config_errors;
    errors.insert(errors.end(), settings.manifest_errors.begin(), settings.manifest_errors.end());
    if (context.options.json) {
        const Json json{{"schema", 1},
                        {"components", settings.components.size()},
                        {"errors", to_json(errors)},
                        {"warnings", to_json(settings.warnings)}};
        print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    } else {
        print_diagnostics(errors, "error");
        print_diagnostics(settings.warnings, "warning");
        if (errors.empty())
            print(fmt::format("{} component{}, no errors\n", settings.components.size(),
                              settings.components.size() == 1 ? "" : "s"));
    }
    return errors.empty() ? exit_converged : exit_bad_input;
}

} // namespace provisor
