// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/cli/findings_test.cpp
// Keys, and what they have signed.
#include "base/error.hpp"
#include "cli/findings.hpp"
#include "model/found_version.hpp"
#include "pass/trust.hpp"
#include "store/component_store.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {

Findings look_at_keys(const Settings& settings, const Paths& paths) {
    Findings findings;
    const KeyRing ring = read_keys(paths);
    for (const std::string& problem : ring.problems)
        findings.push_back({Severity::error, problem, paths.keys_dir,
                            "put a public key of minisign(1) there, writable by root alone"});
    const KeysInForce keys = keys_in_force(ring);
    for (const Component& component : settings.components) {
        const std::string where = fmt::format("{}:{}", component.place.file, component.place.line);
        if (!component.signature.empty() && ring.keys.empty())
            findings.push_back(
                {Severity::error,
                 fmt::format("component '{}' is signed, and there is no key to check it with",
                             component.name),
                 paths.keys_dir,
                 fmt::format("put the signer's public key into '{}/'", paths.keys_dir.string())});
        else if (const auto fault = find_key_fault(component, keys))
            findings.push_back({Severity::error,
                                fmt::format("component '{}': {}", component.name, *fault), where,
                                fmt::format("ls -l '{}'", paths.keys_dir.string())});
        if (const auto warning = find_key_warning(component, keys))
            findings.push_back({Severity::warning,
                                fmt::format("component '{}': {}", component.name, *warning), where,
                                "change the manifest"});
    }
    return findings;
}

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
            keys = keys_in_force(read_keys(paths));
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
