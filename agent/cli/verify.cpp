// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/document_rows_test.cpp
#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/overview.hpp"
#include "pass/lock.hpp"
#include "store/cache.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;

struct Deviation {
    std::string component; ///< empty for a blob of the cache
    std::string what;      ///< path or digest
    std::string problem;
};

void verify_component(const Overview& overview, const Context& context,
                      std::vector<Deviation>& deviations) {
    if (!overview.problem.empty())
        deviations.push_back({overview.name, "record", overview.problem});
    if (!overview.installed)
        return;
    if (!overview.untrusted.empty())
        deviations.push_back({overview.name, "content", overview.untrusted});
    for (const InstalledFile& file : overview.installed->files) {
        try {
            const FoundFiles found =
                observe_files({file}, context.paths, {}, Rehash::always, context.interrupt);
            const auto actual = found.files.find(file.path);
            if (actual == found.files.end())
                deviations.push_back({overview.name, file.path, "is missing"});
            else if (actual->second.sha256 != file.sha256)
                deviations.push_back({overview.name, file.path,
                                      fmt::format("hashes to {}, recorded is {}",
                                                  actual->second.sha256, file.sha256)});
            else if (actual->second.capabilities != file.capabilities)
                deviations.push_back(
                    {overview.name, file.path,
                     fmt::format("has {}, recorded is {}",
                                 actual->second.capabilities.empty() ? "no capabilities"
                                                                     : actual->second.capabilities,
                                 file.capabilities)});
            else if (actual->second != file)
                deviations.push_back(
                    {overview.name, file.path,
                     fmt::format("has mode {:04o} {}:{}, recorded is {:04o} {}:{}",
                                 actual->second.mode, actual->second.owner, actual->second.group,
                                 file.mode, file.owner, file.group)});
        } catch (const Error& error) {
            deviations.push_back({overview.name, file.path, error.what()});
        }
    }
}

void print_deviations(const std::vector<Deviation>& deviations, std::size_t components,
                      std::size_t blobs, bool json) {
    if (json) {
        Json list = Json::array();
        for (const Deviation& deviation : deviations)
            list.push_back({{"component", deviation.component.empty() ? Json(nullptr)
                                                                      : Json(deviation.component)},
                            {"what", deviation.what},
                            {"problem", deviation.problem}});
        const Json document{
            {"schema", 1}, {"components", components}, {"blobs", blobs}, {"findings", list}};
        print(document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
        return;
    }
    for (const Deviation& deviation : deviations)
        print(fmt::format("{}: {} {}\n",
                          deviation.component.empty() ? "cache" : deviation.component,
                          deviation.what, deviation.problem));
    print(fmt::format("{} component{} and {} cached blob{} verified, {} finding{}\n", components,
                      components == 1 ? "" : "s", blobs, blobs == 1 ? "" : "s", deviations.size(),
                      deviations.size() == 1 ? "" : "s"));
}

/// Blobs that do not hash to their names. They are dropped right away: nothing may ever be
/// installed from them.
std::size_t verify_cache(const Context& context, std::vector<Deviation>& deviations) {
    Cache cache(context.paths.state_dir);
    const auto blobs = cache.blobs();
    for (const auto& [sha256, size] : blobs)
        if (!cache.verify_blob(sha256, context.interrupt))
            deviations.push_back(
                {"", sha256, "was damaged; it has been dropped and is fetched again when needed"});
    return blobs.size();
}

} // namespace

int command_verify(Context& context, const std::vector<std::string>& names, bool repair) {
    std::vector<Deviation> deviations;
    {
        const auto lock = PassLock::acquire(context.paths, PassLock::Wait::no, context.interrupt);
        if (!lock) {
            complain("provisor: another pass is running; try again later");
            return exit_locked;
        }
        const Settings settings = load_or_complain(context);
        const std::vector<Overview> overviews = gather_overviews(context, settings, names);
        for (const Overview& overview : overviews)
            verify_component(overview, context, deviations);
        const std::size_t blobs = names.empty() ? verify_cache(context, deviations) : 0;
        if (!repair || !context.options.json)
            print_deviations(deviations, overviews.size(), blobs, context.options.json);
    }
    if (!repair)
        return deviations.empty() ? exit_converged : exit_failed;
    // Putting things right is what a pass does; `force` makes it hash every file instead of
    // trusting fingerprints.
    ApplyOptions options;
    options.names = names;
    options.force = true;
    return command_apply(context, options);
}

} // namespace provisor
