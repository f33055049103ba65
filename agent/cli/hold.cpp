// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/image_rows_test.cpp
// `hold` and `release`.
#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/overview.hpp"
#include "pass/lock.hpp"
#include "store/cache.hpp"
#include "store/component_store.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

Settings require_known(Context& context, const std::string& name) {
    Settings settings = load_or_complain(context);
    gather_overviews(context, settings, {name});
    return settings;
}

void say(const Context& context, const std::string& name, const std::vector<std::string>& done) {
    if (context.options.json) {
        const nlohmann::ordered_json json{{"schema", 1}, {"name", name}, {"done", done}};
        print(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
        return;
    }
    for (const std::string& one : done)
        print(fmt::format("{}: {}\n", name, one));
}

/// Takes out of the record what keeps the component back, and says what that was.
std::vector<std::string> forget_guards(Record& record) {
    std::vector<std::string> done;
    if (const auto& quarantine = record.quarantine)
        done.push_back(fmt::format("no longer quarantined: {}", quarantine->reason));
    if (record.flip_flop && record.flip_flop->until > wall_clock())
        done.push_back(fmt::format("no longer held by the flip-flop guard (it was until {})",
                                   format_rfc3339(record.flip_flop->until)));
    if (const auto& backoff = record.backoff)
        done.push_back(fmt::format("no longer waiting after {} failure{} in a row",
                                   backoff->failures, backoff->failures == 1 ? "" : "s"));
    if (const auto& failed = record.failed_check)
        done.push_back(fmt::format("no longer waiting after its check: {}", failed->reason));
    record.quarantine.reset();
    record.backoff.reset();
    record.failed_check.reset();
    // What was before counts no more: the guard would hold it again at once.
    if (record.flip_flop)
        record.flip_flop->until = wall_clock();
    return done;
}

/// Whether there was something of the kind at one of the component's URLs.
bool forget_refusals(const std::vector<Component>& components, const std::string& name,
                     const Paths& paths) {
    Cache cache(paths.state_dir);
    bool forgotten = false;
    for (const Component& component : components) {
        if (component.name != name)
            continue;
        forgotten |= cache.forget_refused(component.url);
        for (const std::string& mirror : component.mirrors)
            forgotten |= cache.forget_refused(mirror);
    }
    return forgotten;
}

} // namespace

int command_hold(Context& context, const std::string& name, const std::string& reason) {
    require_known(context, name);
    ComponentStore store(context.paths.state_dir);
    store.write_hold(name, reason);
    say(context, name,
        {fmt::format("held from the next pass on; `provisor release {}` ends it", name)});
    return exit_converged;
}

int command_release(Context& context, const std::string& name) {
    const auto lock = PassLock::acquire(context.paths, PassLock::Wait::yes, context.interrupt);
    const Settings settings = require_known(context, name);
    ComponentStore store(context.paths.state_dir);
    std::vector<std::string> done;
    if (const auto reason = store.hold(name)) {
        done.push_back(reason->empty() ? "no longer held"
                                       : fmt::format("no longer held: {}", *reason));
        store.remove_hold(name);
    }
    Record record = store.record(name);
    const Record before = record;
    for (std::string& one : forget_guards(record))
        done.push_back(std::move(one));
    if (record != before)
        store.write_record(name, record);
    if (forget_refusals(settings.components, name, context.paths))
        done.emplace_back("what its URLs had in place of the pinned content is asked for again");
    if (done.empty())
        done.emplace_back("nothing held it");
    else
        done.push_back(
            fmt::format("the next pass goes on with it; `provisor apply {}` does so now", name));
    say(context, name, done);
    return exit_converged;
}

} // namespace provisor
