// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/good_manifests_test.cpp
// Tested by tests/unit/model/manifest/merge_test.cpp
#pragma once

#include "model/agent_config.hpp"
#include "model/component.hpp"
#include "model/diagnostic.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

struct Facts;

/// A larger manifest or configuration file is refused, in bytes.
inline constexpr std::size_t manifest_size_limit = 4UL << 20;

/// A file's name (shown in messages) and its whole text.
struct SourceText {
    std::string file;
    std::string text;
    bool is_public = false; ///< everybody on the machine can read it
};

/// Where a component of a manifest names what must fit with the other manifests: a target, a unit,
/// a name in `after`.
struct Mention {
    std::size_t component = 0; ///< its index
    std::string what;
    int line = 0;
    int column = 0;
};

struct ParsedManifest {
    std::vector<Component> components; ///< empty when there are errors
    std::vector<Mention> mentions;
    std::string text; ///< as it was read; empty when there are errors
    std::vector<Diagnostic> errors;
    std::vector<Diagnostic> warnings; ///< e.g. http:// without a pin or signature
};

/// Reads one manifest file. Every error of the file is collected where that is possible, not only
/// the first. An empty text is a manifest without components.
ParsedManifest parse_manifest(SourceText source, const Facts& facts);

/// What remains of several manifests (in merge order) once the rules across files are checked:
/// duplicate names, two components with one target path or one unit file (unless one of them is
/// absent), a target below another one, `after` that names nobody or goes in a circle. `unit_dir`
/// is where unit files go; without it they are not compared with targets. A file with such an error
/// loses all its components (the later of two that collide), the others are kept.
struct MergedManifests {
    std::vector<Component> components; ///< sorted by `after`, then by name: an order to install in
    std::vector<Diagnostic> errors;
    std::vector<Diagnostic> warnings;
};
MergedManifests merge_manifests(const std::vector<ParsedManifest>& manifests,
                                const std::string& unit_dir = {});

struct ParsedConfig {
    AgentConfig config; ///< the defaults when there are errors
    std::vector<Diagnostic> errors;
};

/// Reads agent.yaml and its drop-ins: later texts override single keys of earlier ones.
/// Every error of all files is collected.
ParsedConfig parse_agent_config(const std::vector<SourceText>& sources);

} // namespace provisor
