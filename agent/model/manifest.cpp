// SPDX-License-Identifier: Apache-2.0
#include "model/manifest.hpp"

#include "base/text.hpp"
#include "model/component_decoder.hpp"
#include "model/inline_secrets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace provisor {
namespace {

constexpr std::size_t longest_var = 4096;

void read_vars(const YamlNode& node, Decoder& decoder, PlaceholderValues& values) {
    decoder.read_entries(node, "vars", [&](const YamlNode& key, const YamlNode& value) {
        const bool taken = values.contains(key.text) || key.text == "name" ||
                           key.text == "version" || key.text == "url" || key.text == "staged" ||
                           key.text == "path";
        const std::string who = fmt::format("vars: '{}'", printable(key.text, 80));
        if (taken || !is_placeholder_name(key.text)) {
            decoder.complain(key,
                             who + (taken ? " is the name of a built-in placeholder"
                                          : " is no name: at most 64 letters, digits, '_', '-' "
                                            "and ':' are expected"));
            return;
        }
        const auto text = decoder.read_text(value, who);
        if (text && text->size() > longest_var)
            decoder.complain(value,
                             fmt::format("{}: at most {} bytes are expected", who, longest_var));
        else if (text)
            values[key.text] = {*text, true};
    });
}

/// Of secrets in a file that everybody can read.
void warn_of_secrets(ParsedManifest& parsed) {
    for (const Component& component : parsed.components)
        if (const std::vector<std::string> keys = keys_with_secrets(component); !keys.empty())
            parsed.warnings.push_back(
                {component.place,
                 fmt::format(
                     "component '{}': a secret stands in {}, and every user of this machine "
                     "can read the file; use credential:NAME, or take that right away "
                     "(`chmod o-r '{}'`)",
                     component.name, printable(fmt::format("{}", fmt::join(keys, ", ")), 200),
                     component.place.file),
                 ""});
}

} // namespace

ParsedManifest parse_manifest(SourceText source, const Facts& facts) {
    ParsedManifest parsed;
    Decoder decoder(source.file, source.text);
    const std::optional<YamlNode> document =
        decoder.read_document(source.text, manifest_size_limit);
    if (document && document->kind != YamlNode::Kind::null) {
        ManifestSoFar manifest{machine_placeholders(facts), 0, 0, {}};
        // Wherever vars stand in the file, components may use them.
        if (const YamlNode* vars = document->find("vars"))
            read_vars(*vars, decoder, manifest.values);
        const auto read_component = [&](const YamlNode& name, const YamlNode& body) {
            manifest.index = parsed.components.size();
            parsed.components.push_back(ComponentDecoder(decoder, manifest).read(name, body));
        };
        decoder.read_map(*document, "manifest",
                         {{"components",
                           [&](const YamlNode& node) {
                               if (node.kind != YamlNode::Kind::null)
                                   decoder.read_entries(node, "components", read_component);
                           }},
                          {"vars", [](const YamlNode&) {}}});
        parsed.mentions = std::move(manifest.mentions);
    }
    parsed.errors = decoder.take_errors();
    parsed.warnings = decoder.take_warnings();
    if (source.is_public)
        warn_of_secrets(parsed);
    if (parsed.errors.empty())
        parsed.text = std::move(source.text);
    else
        parsed.components.clear();
    return parsed;
}

} // namespace provisor
