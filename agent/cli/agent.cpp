// SPDX-License-Identifier: Apache-2.0
#include "service/agent.hpp"

#include "cli/commands.hpp"
#include "pass/pass.hpp"
#include "units/own_unit.hpp"

#include <cstdlib>

namespace provisor {
namespace {

/// Nothing for an agent that was started by hand. systemd says where the state directory of the
/// unit is (StateDirectory=, systemd.exec(5)); units/provisor-self-update.service looks there.
OwnService own_service(const Context& context) {
    const char* folder = std::getenv("STATE_DIRECTORY");
    if (!context.paths.root.empty() || context.options.user || folder == nullptr)
        return {};
    return {unit_of_this_process(),
            "/proc/self/exe",
            {fetch_program(), unpack_program()},
            std::filesystem::path(folder) / "self-update"};
}

} // namespace

int command_agent(Context& context) {
    const std::unique_ptr<Journal> journal = make_journal(context);
    const auto run_one_pass = [&](const Settings& settings, const Paths& paths,
                                  const Interrupt& interrupt, Progress& progress) {
        // Made for each pass: an idle daemon keeps neither a fetcher nor a connection to the bus.
        const std::unique_ptr<Transfer> transfer = make_transfer(settings.config);
        const std::unique_ptr<UnitManager> units = make_unit_manager(context);
        return run_pass(settings, paths, {},
                        {*transfer, *units, *journal, interrupt, progress, unpack_place(),
                         own_service(context)});
    };
    return run_agent({context.paths, *journal, run_one_pass});
}

} // namespace provisor
