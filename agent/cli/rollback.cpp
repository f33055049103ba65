// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/one_pass.hpp"
#include "pass/lock.hpp"

namespace provisor {

int command_rollback(Context& context, const std::string& name, const std::string& to) {
    // A pass that is on the way may be the very one that is to be undone.
    const auto lock = PassLock::acquire(context.paths, PassLock::Wait::yes, context.interrupt);
    const Settings settings = load_or_complain(context);
    PassOptions options;
    options.names = {name};
    options.rollback_to = to;
    const PassReport report = run_locked(context, settings, options);
    show_report(context, report);
    return failed(report) ? exit_failed : exit_converged;
}

} // namespace provisor
