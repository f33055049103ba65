// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/bad_manifests_test.cpp
#pragma once

#include "base/duration.hpp"
#include "model/diagnostic.hpp"
#include "model/yaml_reader.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// Turns YAML nodes of one file into values and collects what is wrong with them. Each read_*
/// returns absent after it has complained, so that the caller can go on and find the next fault.
class Decoder {
public:
    Decoder(std::string file, std::string_view text) : file_(std::move(file)), text_(text) {}

    /// Reads one value of a map; the key's node tells its place.
    using ReadValue = std::function<void(const YamlNode& value)>;
    using Field = std::pair<std::string_view, ReadValue>;

    /// The document as a node; absent (with a complaint) when it is not YAML.
    std::optional<YamlNode> read_document(const std::string& text, std::size_t size_limit);
    /// Goes through a map, each key to the field of its name. Unknown and duplicate keys are
    /// complaints.
    void read_map(const YamlNode& node, std::string_view what, const std::vector<Field>& fields);
    /// The same for a map whose keys are names of the author's.
    void read_entries(const YamlNode& node, std::string_view what,
                      const std::function<void(const YamlNode& key, const YamlNode& value)>& read);

    std::optional<std::string> read_text(const YamlNode& node, std::string_view what);
    std::optional<bool> read_bool(const YamlNode& node, std::string_view what);
    std::optional<Duration> read_span(const YamlNode& node, std::string_view what);
    std::optional<std::uint64_t> read_size(const YamlNode& node, std::string_view what);
    /// A whole number within these bounds.
    std::optional<unsigned> read_count(const YamlNode& node, std::string_view what, unsigned lowest,
                                       unsigned highest);
    std::vector<std::string> read_texts(const YamlNode& node, std::string_view what);
    /// One of the words; complains with the whole list and the nearest.
    template <typename Value>
    std::optional<Value> read_word(const YamlNode& node, std::string_view what,
                                   const std::vector<std::pair<std::string_view, Value>>& words) {
        std::vector<std::string_view> known;
        known.reserve(words.size());
        for (const auto& [word, value] : words)
            known.push_back(word);
        const std::optional<std::size_t> index = read_word_index(node, what, known);
        return index ? std::optional(words[*index].second) : std::nullopt;
    }

    void complain(const YamlNode& node, const std::string& message) {
        complain(node.line, node.column, message);
    }
    void complain(int line, int column, const std::string& message);
    void warn(const YamlNode& node, const std::string& message);

    SourcePlace place_of(const YamlNode& node) const { return {file_, node.line, node.column}; }
    std::vector<Diagnostic> take_errors() { return std::move(errors_); }
    std::vector<Diagnostic> take_warnings() { return std::move(warnings_); }
    std::size_t error_count() const { return errors_.size(); }

private:
    std::optional<std::size_t> read_word_index(const YamlNode& node, std::string_view what,
                                               const std::vector<std::string_view>& known);
    bool expect(const YamlNode& node, YamlNode::Kind kind, std::string_view what);

    std::string file_;
    std::string_view text_;
    std::vector<Diagnostic> errors_;
    std::vector<Diagnostic> warnings_;
};

} // namespace provisor
