// SPDX-License-Identifier: Apache-2.0
#include "model/manifest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace provisor {
namespace {

/// Components by name; a node-based map, so that pointers into it hold while others go.
using ByName = std::map<std::string, const Component*>;

class Merge {
public:
    explicit Merge(const std::vector<ParsedManifest>& manifests) {
        for (const ParsedManifest& manifest : manifests)
            for (const Component& component : manifest.components)
                all_.push_back(&component);
    }

    MergedManifests run() {
        // Each complaint takes a file away, which may free a name or path or leave an `after`
        // hanging: until all holds.
        while (find_collision() || find_dangling_after() || find_circle()) {
        }
        MergedManifests merged;
        for (const Component* component : ordered())
            merged.components.push_back(*component);
        merged.errors = std::move(errors_);
        return merged;
    }

private:
    void drop_file_of(const Component& component, const std::string& message) {
        errors_.push_back(
            {component.place, fmt::format("component '{}': {}", component.name, message), ""});
        std::erase_if(all_, [file = component.place.file](const Component* one) {
            return one->place.file == file;
        });
    }

    static std::string told(const Component& component) {
        return fmt::format("component '{}' at {}:{}", component.name, component.place.file,
                           component.place.line);
    }

    bool find_collision() {
        std::map<std::string, const Component*> names;
        std::map<std::string, const Component*> targets;
        std::map<std::string, const Component*> unit_files;
        for (const Component* component : all_) {
            if (const auto [first, fresh] = names.emplace(component->name, component); !fresh) {
                drop_file_of(*component,
                             fmt::format("there is a {} already", told(*first->second)));
                return true;
            }
            for (const FileSpec& file : component->files)
                if (const auto [first, fresh] = targets.emplace(file.path, component); !fresh) {
                    drop_file_of(*component, first->second == component
                                                 ? fmt::format("'{}' stands here twice", file.path)
                                                 : fmt::format("'{}' is a file of {} already",
                                                               file.path, told(*first->second)));
                    return true;
                }
            for (const UnitSpec& unit : component->units)
                if (unit.file)
                    if (const auto [first, fresh] = unit_files.emplace(unit.name, component);
                        !fresh) {
                        drop_file_of(*component,
                                     fmt::format("the unit file of '{}' comes from {} already",
                                                 unit.name, told(*first->second)));
                        return true;
                    }
        }
        return false;
    }

    ByName by_name() const {
        ByName names;
        for (const Component* component : all_)
            names[component->name] = component;
        return names;
    }

    bool find_dangling_after() {
        const ByName names = by_name();
        for (const Component* component : all_)
            for (const std::string& name : component->after)
                if (!names.contains(name)) {
                    drop_file_of(*component,
                                 fmt::format("after: there is no component '{}'", name));
                    return true;
                }
        return false;
    }

    bool find_circle() {
        const ByName names = by_name();
        std::set<std::string> settled;
        for (const auto& [name, component] : names) {
            std::vector<std::string> way;
            if (const Component* last = walk(*component, names, way, settled)) {
                std::string circle;
                const auto begin = std::find(way.begin(), way.end(), last->name);
                for (auto step = begin; step != way.end(); ++step)
                    circle += *step + " → ";
                drop_file_of(*last,
                             fmt::format("after goes in a circle: {}{}", circle, last->name));
                return true;
            }
        }
        return false;
    }

    /// Follows `after` depth first; returns the component at which a circle closes, with the way to
    /// it.
    static const Component* walk(const Component& component, const ByName& names,
                                 std::vector<std::string>& way, std::set<std::string>& settled) {
        if (settled.contains(component.name))
            return nullptr;
        if (std::find(way.begin(), way.end(), component.name) != way.end())
            return &component;
        way.push_back(component.name);
        for (const std::string& name : component.after)
            if (const Component* found = walk(*names.at(name), names, way, settled))
                return found;
        way.pop_back();
        settled.insert(component.name);
        return nullptr;
    }

    std::vector<const Component*> ordered() const {
        const ByName names = by_name();
        std::vector<const Component*> order;
        std::set<std::string> placed;
        for (const auto& [name, component] : names)
            place(*component, names, placed, order);
        return order;
    }

    static void place(const Component& component, const ByName& names,
                      std::set<std::string>& placed, std::vector<const Component*>& order) {
        if (!placed.insert(component.name).second)
            return;
        std::vector<std::string> first = component.after;
        std::sort(first.begin(), first.end());
        for (const std::string& name : first)
            place(*names.at(name), names, placed, order);
        order.push_back(&component);
    }

    std::vector<const Component*> all_;
    std::vector<Diagnostic> errors_;
};

} // namespace

MergedManifests merge_manifests(const std::vector<ParsedManifest>& manifests) {
    return Merge(manifests).run();
}

} // namespace provisor
