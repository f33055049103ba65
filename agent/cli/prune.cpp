// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/concurrency_rows_test.cpp
#include "base/quantity.hpp"
#include "cli/commands.hpp"
#include "pass/lock.hpp"
#include "store/retention.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace provisor {

int command_prune(Context& context) {
    const auto lock = PassLock::acquire(context.paths, PassLock::Wait::no, context.interrupt);
    if (!lock) {
        complain("provisor: another pass is running; try again later");
        return exit_locked;
    }
    const Settings settings = load_or_complain(context);
    const ComponentStore store(context.paths.state_dir);
    Cache cache(context.paths.state_dir);
    const auto [pruned, over] =
        prune_cache(settings.components, cache, store, settings.config.cache);
    if (!over.empty())
        complain("provisor: " + over);
    if (context.options.json) {
        const nlohmann::ordered_json json{
            {"schema", 1}, {"dropped", pruned.blobs}, {"bytes", pruned.bytes}};
        print(json.dump(2) + "\n");
    } else {
        for (const std::string& blob : pruned.blobs)
            print(fmt::format("dropped {}\n", blob));
        print(fmt::format("{} blob{} dropped, {} freed\n", pruned.blobs.size(),
                          pruned.blobs.size() == 1 ? "" : "s", format_byte_size(pruned.bytes)));
    }
    return exit_converged;
}

} // namespace provisor
