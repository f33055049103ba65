// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/image_rows_test.cpp
#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/one_pass.hpp"
#include "cli/overview.hpp"
#include "pass/lock.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {

int command_remove(Context& context, const std::string& name) {
    const auto lock = PassLock::acquire(context.paths, PassLock::Wait::yes, context.interrupt);
    Settings settings = load_or_complain(context);
    gather_overviews(context, settings, {name});
    const auto found =
        std::find_if(settings.components.begin(), settings.components.end(),
                     [&](const Component& component) { return component.name == name; });
    if (found == settings.components.end()) {
        if (!settings.failed_files.empty())
            throw Error(ErrorKind::config,
                        fmt::format("no manifest that can be read names '{}', but '{}' has errors "
                                    "and may do so: put it right first (`provisor check`)",
                                    name, settings.failed_files.front().string()));
        // No manifest names it any more: what it has is known from its marker.
        Component orphan;
        orphan.name = name;
        orphan.state = WantedState::absent;
        settings.components.push_back(orphan);
    } else if (found->state != WantedState::absent)
        throw Error(ErrorKind::config,
                    fmt::format("{}:{} wants '{}', and the next pass would install it again: say "
                                "`state: absent` there, or take it out of the manifest",
                                found->place.file, found->place.line, name));
    PassOptions options;
    options.names = {name};
    options.at_once = true;
    const PassReport report = run_locked(context, settings, options);
    show_report(context, report);
    return failed(report) ? exit_failed : exit_converged;
}

} // namespace provisor
