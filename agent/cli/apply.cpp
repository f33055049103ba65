// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/concurrency_rows_test.cpp
#include "cli/commands.hpp"
#include "cli/one_pass.hpp"
#include "pass/last_pass.hpp"
#include "pass/lock.hpp"

#include <algorithm>

namespace provisor {

int command_apply(Context& context, const ApplyOptions& options) {
    // The lock comes first: what is read before it could be out of date once the lock is there.
    const auto lock = PassLock::acquire(
        context.paths, options.wait ? PassLock::Wait::yes : PassLock::Wait::no, context.interrupt);
    if (!lock)
        return report_locked();
    const Settings settings = load_or_complain(context);
    PassOptions pass{options.names, options.force, options.no_units, options.dry_run,
                     options.offline};
    pass.at_once = options.at_once;
    const PassReport report = run_locked(context, settings, pass);
    if (options.names.empty() && !options.dry_run)
        note_full_pass(context.paths);
    show_report(context, report);
    if (failed(report))
        return exit_failed;
    return settings.manifest_errors.empty() ? exit_converged : exit_bad_input;
}

int command_plan(Context& context, const PlanOptions& options) {
    const auto lock = PassLock::acquire(context.paths, PassLock::Wait::no, context.interrupt);
    if (!lock)
        return report_locked();
    const Settings settings = load_or_complain(context);
    const PassReport report =
        run_locked(context, settings, {options.names, false, false, true, options.offline});
    show_report(context, report);
    if (failed(report))
        return exit_failed;
    if (!settings.manifest_errors.empty())
        return exit_bad_input;
    return options.exit_code && !report.all_unchanged() ? exit_changes_pending : exit_converged;
}

} // namespace provisor
