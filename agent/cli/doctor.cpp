// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/config_rows_test.cpp
#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/findings.hpp"
#include "cli/next_step.hpp"
#include "pass/lock.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <sys/stat.h>

namespace provisor {
namespace {

using Json = nlohmann::ordered_json;

/// When this very program was put in place.
WallTime time_of_installation() {
    struct stat facts {};
    return ::stat("/proc/self/exe", &facts) == 0
               ? WallTime(std::chrono::seconds(facts.st_mtim.tv_sec))
               : WallTime{};
}

void add(Findings& findings, Findings&& more) {
    findings.insert(findings.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
}

/// What the sandbox of the service that makes the passes does not let them do.
void look_at_agent(const Context& context, const Settings& settings, UnitManager& units,
                   Findings& findings) {
    const std::string service = service_of_passes(units);
    add(findings, look_at_sandbox(settings, context.paths, service, units.state(service)));
}

/// What only the running system and its service manager can tell.
void look_at_system(const Context& context, const Settings& settings, Findings& findings) {
    if (!context.paths.root.empty())
        return;
    try {
        const std::unique_ptr<UnitManager> units = make_unit_manager(context);
        add(findings, look_at_units(settings, context.paths, *units));
        if (!context.options.user)
            look_at_agent(context, settings, *units, findings);
    } catch (const Error& error) {
        findings.push_back({Severity::error, error.what(), "systemd",
                            "without it units are neither looked at nor acted on; is this machine "
                            "booted with systemd, and are you root?"});
    }
}

Findings look_at_everything(const Context& context, const Settings& settings) {
    Findings findings;
    add(findings, look_at_programs({fetch_program(), unpack_program()}));
    add(findings, look_at_clock(wall_clock(), time_of_installation()));
    add(findings, look_at_state(context.paths));
    add(findings, look_at_components(settings));
    add(findings, look_at_unread(context.paths));
    add(findings, look_at_commands(settings));
    add(findings, look_at_packages(settings, context.paths));
    add(findings, look_at_places(settings, context.paths));
    add(findings, look_at_keys(settings, context.paths));
    add(findings, look_at_trust(settings, context.paths));
    add(findings, look_at_credentials(settings, context.paths));
    look_at_system(context, settings, findings);
    std::stable_sort(
        findings.begin(), findings.end(),
        [](const Finding& one, const Finding& other) { return one.severity > other.severity; });
    return findings;
}

const char* word_of(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

void print_json(const Findings& findings, std::optional<int> holder) {
    Json list = Json::array();
    for (const Finding& finding : findings)
        list.push_back({{"severity", word_of(finding.severity)},
                        {"what", finding.what},
                        {"where", finding.where},
                        {"remedy", finding.remedy}});
    const Json document{
        {"schema", 1}, {"lock_holder", holder ? Json(*holder) : Json(nullptr)}, {"findings", list}};
    print(document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void print_text(const Findings& findings, std::optional<int> holder, std::size_t components) {
    for (const Finding& finding : findings)
        print(fmt::format("{}: {}: {}\n    {}\n", word_of(finding.severity), finding.where,
                          finding.what, finding.remedy));
    if (holder)
        print(fmt::format("process {} is making a pass right now\n", *holder));
    const auto errors = std::count_if(findings.begin(), findings.end(), [](const Finding& one) {
        return one.severity == Severity::error;
    });
    print(fmt::format("{} component{}: {} would stop a pass, {} warning{}\n", components,
                      components == 1 ? "" : "s", errors == 0 ? "nothing" : std::to_string(errors),
                      findings.size() - static_cast<std::size_t>(errors),
                      findings.size() - static_cast<std::size_t>(errors) == 1 ? "" : "s"));
}

} // namespace

int command_doctor(Context& context) {
    const Settings settings = load_or_complain(context);
    const Findings findings = look_at_everything(context, settings);
    const std::optional<int> holder = PassLock::holder(context.paths);
    if (context.options.json)
        print_json(findings, holder);
    else
        print_text(findings, holder, settings.components.size());
    if (!settings.manifest_errors.empty())
        return exit_bad_input;
    const bool stops = std::any_of(findings.begin(), findings.end(), [](const Finding& one) {
        return one.severity == Severity::error;
    });
    return stops ? exit_failed : exit_converged;
}

} // namespace provisor
