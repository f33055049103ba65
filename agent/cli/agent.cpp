// SPDX-License-Identifier: Apache-2.0
#include "service/agent.hpp"

#include "cli/commands.hpp"
#include "pass/pass.hpp"

namespace provisor {

int command_agent(Context& context) {
    const std::unique_ptr<Journal> journal = make_journal(context);
    const auto run_one_pass = [&](const Settings& settings, const Paths& paths,
                                  const Interrupt& interrupt, Progress& progress) {
        // Made for each pass: an idle daemon keeps neither a fetcher nor a connection to the bus.
        const std::unique_ptr<Transfer> transfer = make_transfer(settings.config);
        const std::unique_ptr<UnitManager> units = make_unit_manager(context);
        return run_pass(settings, paths, {},
                        {*transfer, *units, *journal, interrupt, progress, unpack_program()});
    };
    return run_agent({context.paths, *journal, run_one_pass});
}

} // namespace provisor
