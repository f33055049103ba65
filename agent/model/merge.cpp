// SPDX-License-Identifier: Apache-2.0
#include "model/manifest.hpp"

#include "model/nearest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <string_view>

namespace provisor {
namespace {

/// Components by name; a node-based map, so that pointers into it hold while others go.
using ByName = std::map<std::string, const Component*>;

/// Who installs what, by path.
using Targets = std::map<std::string, const Component*>;

enum class Visit { begun, over };

class Merge {
public:
    Merge(const std::vector<ParsedManifest>& manifests, const std::string& unit_dir)
        : manifests_(manifests), unit_dir_(unit_dir) {
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
    /// `what` the component names that is wrong; empty for the component itself.
    void drop_file_of(const Component& component, const std::string& what,
                      const std::string& message) {
        const ParsedManifest& manifest = manifest_of(component);
        const auto index = static_cast<std::size_t>(&component - manifest.components.data());
        SourcePlace place = component.place;
        for (const Mention& mention : manifest.mentions)
            if (mention.component == index && mention.what == what) {
                place.line = mention.line; // the last, where it stands twice
                place.column = mention.column;
            }
        errors_.push_back(diagnose(std::move(place), manifest.text,
                                   fmt::format("component '{}': {}", component.name, message)));
        std::erase_if(all_, [file = component.place.file](const Component* one) {
            return one->place.file == file;
        });
    }

    const ParsedManifest& manifest_of(const Component& component) const {
        const std::less_equal<> before; // of pointers, whatever they point into
        return *std::find_if(manifests_.begin(), manifests_.end(), [&](const ParsedManifest& one) {
            return !one.components.empty() && before(&one.components.front(), &component) &&
                   before(&component, &one.components.back());
        });
    }

    static std::string told(const Component& component) {
        return fmt::format("component '{}' at {}:{}", component.name, component.place.file,
                           component.place.line);
    }

    /// One that another component's target cannot exist beside: a file that is to be a directory,
    /// too. Null when there is none.
    static const Targets::value_type* find_nested(const Targets& targets, const std::string& path) {
        const auto below = targets.lower_bound(path + '/');
        if (below != targets.end() && below->first.starts_with(path + '/'))
            return &*below;
        for (std::size_t slash = path.rfind('/'); slash != 0 && slash != std::string::npos;
             slash = path.rfind('/', slash - 1))
            if (const auto above = targets.find(path.substr(0, slash)); above != targets.end())
                return &*above;
        return nullptr;
    }

    /// Adds what the component installs there, `what` it names; returns whether that cannot be.
    bool add_target(Targets& targets, const Component& component, const std::string& path,
                    const std::string& what) {
        if (const auto* other = find_nested(targets, path)) {
            drop_file_of(component, what,
                         fmt::format("'{}' cannot be installed beside '{}' of {}: one of the two "
                                     "would have to be a directory",
                                     path, other->first, told(*other->second)));
            return true;
        }
        const auto [first, fresh] = targets.emplace(path, &component);
        if (!fresh)
            drop_file_of(component, what,
                         first->second == &component ? fmt::format("'{}' stands here twice", path)
                                                     : fmt::format("'{}' is a file of {} already",
                                                                   path, told(*first->second)));
        return !fresh;
    }

    bool find_collision() {
        std::map<std::string, const Component*> names;
        Targets targets;
        std::map<std::string, const Component*> unit_files;
        for (const Component* component : all_) {
            if (const auto [first, fresh] = names.emplace(component->name, component); !fresh) {
                drop_file_of(*component, "",
                             fmt::format("there is a {} already", told(*first->second)));
                return true;
            }
            // It gives up all that it has, and another one may take it over.
            if (component->state == WantedState::absent)
                continue;
            for (const FileSpec& file : component->files)
                if (add_target(targets, *component, file.path, file.path))
                    return true;
            for (const UnitSpec& unit : component->units)
                if (unit.file)
                    if (const auto [first, fresh] = unit_files.emplace(unit.name, component);
                        !fresh) {
                        drop_file_of(*component, unit.name,
                                     fmt::format("the unit file of '{}' comes from {} already",
                                                 unit.name, told(*first->second)));
                        return true;
                    }
            for (const UnitSpec& unit : component->units)
                if (unit.file && !unit_dir_.empty() &&
                    add_target(targets, *component, unit_dir_ + "/" + unit.name, unit.name))
                    return true;
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
                    std::vector<std::string_view> known;
                    for (const auto& [other, where] : names)
                        known.push_back(other);
                    const auto near = nearest(name, known);
                    drop_file_of(
                        *component, name,
                        fmt::format("after: there is no component '{}'{}", name,
                                    near ? fmt::format(", did you mean '{}'?", *near) : ""));
                    return true;
                }
        return false;
    }

    /// Goes through `after` depth first, without recursion: a chain of them may be long. `placed`
    /// gets each component behind those that it comes after. Returns the way that closes a circle,
    /// from its first component on; empty when there is none.
    static std::vector<const Component*> walk(const Component& first, const ByName& names,
                                              std::map<const Component*, Visit>& visits,
                                              std::vector<const Component*>& placed) {
        struct Step {
            const Component* component;
            std::vector<std::string> rest; ///< names still to be visited, the next one last
        };
        const auto begin = [&](const Component& component) {
            visits[&component] = Visit::begun;
            Step step{&component, component.after};
            std::sort(step.rest.rbegin(), step.rest.rend());
            return step;
        };
        std::vector<Step> way;
        if (!visits.contains(&first))
            way.push_back(begin(first));
        while (!way.empty()) {
            Step& step = way.back();
            if (step.rest.empty()) {
                visits[step.component] = Visit::over;
                placed.push_back(step.component);
                way.pop_back();
                continue;
            }
            const Component& next = *names.at(step.rest.back());
            step.rest.pop_back();
            const auto visit = visits.find(&next);
            if (visit == visits.end()) {
                way.push_back(begin(next));
            } else if (visit->second == Visit::begun) {
                std::vector<const Component*> circle;
                auto from = std::find_if(way.begin(), way.end(),
                                         [&](const Step& one) { return one.component == &next; });
                for (; from != way.end(); ++from)
                    circle.push_back(from->component);
                return circle;
            }
        }
        return {};
    }

    bool find_circle() {
        const ByName names = by_name();
        std::map<const Component*, Visit> visits;
        std::vector<const Component*> placed;
        for (const auto& [name, component] : names) {
            const std::vector<const Component*> circle = walk(*component, names, visits, placed);
            if (circle.empty())
                continue;
            std::string told;
            const std::size_t shown = std::min<std::size_t>(circle.size(), 10);
            for (std::size_t i = 0; i < shown; ++i)
                told += circle[i]->name + " → ";
            if (shown < circle.size())
                told += "… → ";
            const Component& first = *circle.front();
            drop_file_of(first, circle[1 % circle.size()]->name,
                         fmt::format("after goes in a circle: {}{}", told, first.name));
            return true;
        }
        return false;
    }

    std::vector<const Component*> ordered() const {
        const ByName names = by_name();
        std::map<const Component*, Visit> visits;
        std::vector<const Component*> placed;
        for (const auto& [name, component] : names)
            walk(*component, names, visits, placed);
        return placed;
    }

    const std::vector<ParsedManifest>& manifests_;
    const std::string& unit_dir_;
    std::vector<const Component*> all_;
    std::vector<Diagnostic> errors_;
};

} // namespace

MergedManifests merge_manifests(const std::vector<ParsedManifest>& manifests,
                                const std::string& unit_dir) {
    return Merge(manifests, unit_dir).run();
}

} // namespace provisor
