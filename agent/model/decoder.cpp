// SPDX-License-Identifier: Apache-2.0
#include "model/decoder.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "model/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace provisor {
namespace {

constexpr std::size_t max_errors = 50;

std::string_view name_of(YamlNode::Kind kind) {
    switch (kind) {
    case YamlNode::Kind::null:
        return "nothing";
    case YamlNode::Kind::scalar:
        return "a single value";
    case YamlNode::Kind::sequence:
        return "a list";
    case YamlNode::Kind::map:
        return "a mapping";
    }
    return "";
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
    const std::optional<std::string_view> near = nearest(word, known);
    return near ? fmt::format(", did you mean '{}'?", *near) : "";
}

} // namespace

void Decoder::complain(int line, int column, const std::string& message) {
    // One slip at the top of a large file must not fill the screen.
    if (errors_.size() < max_errors)
        errors_.push_back(diagnose({file_, line, column}, text_, message));
}

void Decoder::warn(const YamlNode& node, const std::string& message) {
    if (warnings_.size() < max_errors)
        warnings_.push_back(diagnose(place_of(node), text_, message));
}

std::optional<YamlNode> Decoder::read_document(const std::string& text, std::size_t size_limit) {
    try {
        return read_yaml(text, size_limit);
    } catch (const YamlError& error) {
        complain(error.line, error.column, error.what());
        return std::nullopt;
    }
}

bool Decoder::expect(const YamlNode& node, YamlNode::Kind kind, std::string_view what) {
    if (node.kind == kind)
        return true;
    complain(node, fmt::format("{}: {} is expected, this is {}", what, name_of(kind),
                               name_of(node.kind)));
    return false;
}

void Decoder::read_entries(const YamlNode& node, std::string_view what,
                           const std::function<void(const YamlNode&, const YamlNode&)>& read) {
    if (!expect(node, YamlNode::Kind::map, what))
        return;
    std::map<std::string_view, const YamlNode*> seen;
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
        const YamlNode& key = node.items[i];
        if (key.kind != YamlNode::Kind::scalar) {
            complain(key, fmt::format("{}: a key must be a plain word", what));
        } else if (key.text == "<<" && !key.quoted) {
            complain(key, "merge keys (<<) are not supported; write the keys out");
        } else if (const auto [first, fresh] = seen.emplace(key.text, &key); !fresh) {
            complain(key, fmt::format("duplicate key '{}', first at line {}, column {}",
                                      printable(key.text, 80), first->second->line,
                                      first->second->column));
        } else {
            read(key, node.items[i + 1]);
        }
    }
}

void Decoder::read_map(const YamlNode& node, std::string_view what,
                       const std::vector<Field>& fields) {
    read_entries(node, what, [&](const YamlNode& key, const YamlNode& value) {
        const auto field = std::find_if(fields.begin(), fields.end(),
                                        [&](const Field& f) { return f.first == key.text; });
        if (field != fields.end()) {
            field->second(value);
            return;
        }
        std::vector<std::string_view> known;
        known.reserve(fields.size());
        for (const Field& one : fields)
            known.push_back(one.first);
        const std::string near = suggestion(key.text, known);
        complain(key,
                 fmt::format("{}: unknown key '{}'{}", what, printable(key.text, 80),
                             near.empty() ? fmt::format("; known are {}", fmt::join(known, ", "))
                                          : near));
    });
}

std::optional<std::string> Decoder::read_text(const YamlNode& node, std::string_view what) {
    if (!expect(node, YamlNode::Kind::scalar, what))
        return std::nullopt;
    return node.text;
}

std::optional<bool> Decoder::read_bool(const YamlNode& node, std::string_view what) {
    // YAML 1.1 also calls yes and on true, YAML 1.2 does not: only what both agree on is taken.
    if (node.kind == YamlNode::Kind::scalar && !node.quoted &&
        (node.text == "true" || node.text == "false"))
        return node.text == "true";
    complain(node, fmt::format("{}: true or false is expected", what));
    return std::nullopt;
}

std::optional<Duration> Decoder::read_span(const YamlNode& node, std::string_view what) {
    if (!expect(node, YamlNode::Kind::scalar, what))
        return std::nullopt;
    const std::optional<Duration> span = parse_time_span(node.text);
    if (!span)
        complain(
            node,
            fmt::format("{}: '{}' is no time span; one like 30s, 5min or \"1h 30min\" is expected",
                        what, printable(node.text, 80)));
    return span;
}

std::optional<std::uint64_t> Decoder::read_size(const YamlNode& node, std::string_view what) {
    if (!expect(node, YamlNode::Kind::scalar, what))
        return std::nullopt;
    const std::optional<std::uint64_t> size = parse_byte_size(node.text);
    if (!size)
        complain(node,
                 fmt::format(
                     "{}: '{}' is no size; a number of bytes is expected, like 500000, 64M or 4G",
                     what, printable(node.text, 80)));
    return size;
}

std::optional<unsigned> Decoder::read_count(const YamlNode& node, std::string_view what,
                                            unsigned lowest, unsigned highest) {
    if (!expect(node, YamlNode::Kind::scalar, what))
        return std::nullopt;
    unsigned count = 0;
    const char* end = node.text.data() + node.text.size();
    const auto [stop, problem] = std::from_chars(node.text.data(), end, count);
    if (problem == std::errc() && stop == end && count >= lowest && count <= highest)
        return count;
    complain(node,
             fmt::format("{}: a whole number from {} to {} is expected", what, lowest, highest));
    return std::nullopt;
}

std::vector<std::string> Decoder::read_texts(const YamlNode& node, std::string_view what) {
    std::vector<std::string> texts;
    if (expect(node, YamlNode::Kind::sequence, what))
        for (const YamlNode& item : node.items)
            if (const auto text = read_text(item, what))
                texts.push_back(*text);
    return texts;
}

std::optional<std::size_t> Decoder::read_word_index(const YamlNode& node, std::string_view what,
                                                    const std::vector<std::string_view>& known) {
    if (!expect(node, YamlNode::Kind::scalar, what))
        return std::nullopt;
    for (std::size_t i = 0; i < known.size(); ++i)
        if (known[i] == node.text)
            return i;
    complain(node, fmt::format("{}: '{}' is not one of {}{}", what, printable(node.text, 80),
                               fmt::join(known, ", "), suggestion(node.text, known)));
    return std::nullopt;
}

} // namespace provisor
