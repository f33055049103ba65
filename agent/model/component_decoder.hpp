// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/good_manifests_test.cpp
// Tested by tests/unit/model/manifest/bad_manifests_test.cpp
#pragma once

#include "model/decoder.hpp"
#include "model/manifest.hpp"
#include "model/placeholders.hpp"

#include <set>

namespace provisor {

/// What the components of a manifest have in common.
struct ManifestSoFar {
    PlaceholderValues values; ///< of the machine and of vars, and of the component that is read
    std::size_t expanded = 0; ///< bytes of all texts so far
    std::size_t index = 0;    ///< of the component that is read
    std::vector<Mention> mentions;
};

/// Puts a read value into its place; what was complained about leaves the default.
template <typename Value>
void put(Value& place, std::optional<Value> value) {
    if (value)
        place = std::move(*value);
}

/// Reads one component of a manifest; complains to the decoder of its file.
class ComponentDecoder {
public:
    ComponentDecoder(Decoder& decoder, ManifestSoFar& manifest)
        : decoder_(decoder), manifest_(manifest), values_(manifest.values) {}

    Component read(const YamlNode& name, const YamlNode& body);

private:
    using Fault = std::optional<std::string> (*)(std::string_view);

    void learn_placeholders(const YamlNode& body);
    std::vector<Decoder::Field> origin_fields();
    std::vector<Decoder::Field> target_fields();
    std::vector<Decoder::Field> policy_fields();
    void check_whole(const YamlNode& name, const YamlNode& body);
    void warn_of_http(const YamlNode& body, const std::string& who);

    /// Of so many hex digits; the key is the name of its algorithm, too.
    void read_digest(const YamlNode& node, std::string_view key, std::size_t digits,
                     std::string& place);
    void read_auth(const YamlNode& node);
    void read_signature(const YamlNode& node);
    void read_signature_keys(const YamlNode& node);
    void read_files(const YamlNode& node);
    void read_unit(const YamlNode& node);
    void read_units(const YamlNode& node);
    void read_health(const YamlNode& node);
    void read_version_from(const YamlNode& node);
    void read_windows(const YamlNode& node);
    std::vector<Decoder::Field> file_fields(FileSpec& file);

    /// Reads a text, fills in its placeholders, and complains about what `find_fault` finds in the
    /// result.
    std::optional<std::string> read_expanded(const YamlNode& node, std::string_view what,
                                             Escape escape, Fault find_fault);
    std::optional<std::string> expand_at(const YamlNode& node, std::string_view text,
                                         std::string_view what, Escape escape, RunTime run_time);
    std::string hint_for(std::string_view unknown) const;
    std::vector<std::string> read_command(const YamlNode& node, std::string_view what);

    void mention(const YamlNode& node, const std::string& what) {
        manifest_.mentions.push_back({manifest_.index, what, node.line, node.column});
    }

    Decoder& decoder_;
    ManifestSoFar& manifest_;
    PlaceholderValues& values_;
    Component component_;
    FileSpec short_form_;
    std::set<std::string> unit_names_;
    bool short_form_used_ = false;
};

} // namespace provisor
