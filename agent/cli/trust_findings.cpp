// SPDX-License-Identifier: Apache-2.0
// What keys have signed.
#include "base/error.hpp"
#include "cli/findings.hpp"
#include "model/found_version.hpp"
#include "pass/trust.hpp"
#include "store/component_store.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {

Findings look_at_trust(const Settings& settings, const Paths& paths) {
    Findings findings;
    const ComponentStore store(paths.state_dir);
    std::optional<KeysInForce> keys;
    for (const std::string& name : store.list()) {
        std::optional<Marker> installed;
        try {
            installed = store.installed(name);
        } catch (const Error& error) {
            findings.push_back({Severity::error, error.what(), name, "install a newer provisor"});
        }
        if (!installed || installed->signed_by.empty())
            continue;
        if (!keys)
            keys = keys_in_force(read_keys(paths.keys_dir));
        const auto component = std::find_if(settings.components.begin(), settings.components.end(),
                                            [&](const Component& one) { return one.name == name; });
        const Component* known = component == settings.components.end() ? nullptr : &*component;
        if (const auto doubt = find_doubt(*installed, known, Require::none, *keys))
            findings.push_back(
                {Severity::error,
                 fmt::format("what is installed ({}) {}",
                             named_content(label_of(known, store.record(name), *installed),
                                           installed->artifact),
                             doubt->reason),
                 fmt::format("component '{}'", name),
                 known != nullptr ? remedy_of_untrusted(name)
                                  : fmt::format("provisor remove {}", name)});
    }
    return findings;
}

} // namespace provisor
