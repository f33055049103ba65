// SPDX-License-Identifier: Apache-2.0
// A manifest: what is taken is sound and says the same when it is written out; what is refused is
// told with its place.
#include "model/manifest.hpp"

#include "base/sha256.hpp"
#include "fuzz/complaints.hpp"
#include "fuzz/printed.hpp"
#include "fuzz/second_reading.hpp"
#include "model/placeholders.hpp"
#include "model/syntax.hpp"

#include <set>

namespace provisor::fuzz {
namespace {

const Facts facts{"x86_64", "0123456789abcdef0123456789abcdef", "linux"};

/// Without what says only where it stands.
Component without_place(Component component) {
    component.place = {};
    for (Window& window : component.windows)
        window.line = window.column = 0;
    return component;
}

void check_sound(const Component& component) {
    require(!find_name_fault(component.name), "a component has a name");
    require(component.sha256.empty() || is_sha256(component.sha256), "a digest is one");
    if (component.state != WantedState::absent)
        require(!component.files.empty() && !component.url.empty(),
                "a component comes from somewhere and goes somewhere");
    for (const std::string& url : component.mirrors)
        require(!find_url_fault(url), "a mirror is a URL");
    require(component.url.empty() || !find_url_fault(component.url), "a URL is one");
    for (const FileSpec& file : component.files)
        require(!find_path_fault(file.path) && file.mode <= 07777, "a target is a normal path");
    for (const UnitSpec& unit : component.units)
        require(!find_unit_fault(unit.name), "a unit has a unit's name");
    require(component.health.settle <= std::chrono::hours(24), "settling has an end");
}

void check_round_trip(const Component& component) {
    const auto text = printed_manifest(component);
    if (!text)
        return;
    const ParsedManifest again = parse_manifest({"again", *text}, facts);
    require(again.errors.empty(), "a printed component is taken");
    require(again.components.size() == 1 &&
                without_place(again.components[0]) == without_place(component),
            "a printed component is the same component");
}

void check_merged(const ParsedManifest& parsed) {
    const MergedManifests merged = merge_manifests({parsed});
    require(merged.components.empty() || merged.errors.empty(),
            "a file with an error has no components");
    std::set<std::string> before;
    for (const Component& component : merged.components) {
        for (const std::string& name : component.after)
            require(before.contains(name), "what is to be first is first");
        require(before.insert(component.name).second, "a name is one component's");
    }
}

} // namespace

void manifest(std::string_view input) {
    const ParsedManifest parsed = parse_manifest({"m.yaml", std::string(input)}, facts);
    check_complaints(parsed.errors, input, "m.yaml");
    check_complaints(parsed.warnings, input, "m.yaml");
    require(parsed.errors.empty() || parsed.components.empty(),
            "a file with an error has no components");
    if (parsed.errors.empty())
        require(disagreement(std::string(input)).empty(),
                "every reader of YAML takes it for the same");
    for (const Component& component : parsed.components) {
        check_sound(component);
        check_round_trip(component);
    }
    check_merged(parsed);
}

} // namespace provisor::fuzz
