// SPDX-License-Identifier: Apache-2.0
#include "fuzz/second_reading.hpp"

#include "model/manifest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <yaml.h>

namespace provisor::fuzz {
namespace {

class Parser {
public:
    explicit Parser(const std::string& text) {
        yaml_parser_initialize(&parser_);
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    ~Parser() { yaml_parser_delete(&parser_); }

    /// False when the text is refused.
    bool next(yaml_event_t& event) { return yaml_parser_parse(&parser_, &event) != 0; }
    /// Where it was refused, in characters.
    std::size_t character() const { return parser_.problem_mark.index; }
    std::string complaint() const {
        return fmt::format("{}:{}: libyaml: {}", parser_.problem_mark.line + 1,
                           parser_.problem_mark.column + 1,
                           parser_.problem == nullptr ? "refused" : parser_.problem);
    }

private:
    yaml_parser_t parser_{};
};

std::string text_of(const unsigned char* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

/// Where this character of a text in UTF-8 begins, or the end.
std::size_t byte_of(const std::string& text, std::size_t character) {
    std::size_t byte = 0;
    while (byte < text.size() && character > 0)
        if (++byte; (static_cast<unsigned char>(text[byte]) & 0xC0U) != 0x80U)
            --character;
    return byte;
}

/// Builds nodes from events, as many documents as there are into one.
class Tree {
public:
    void take(const yaml_event_t& event) {
        switch (event.type) {
        case YAML_SCALAR_EVENT:
            add_scalar(event);
            break;
        case YAML_SEQUENCE_START_EVENT:
            open_.push_back(&add(YamlNode::Kind::sequence));
            break;
        case YAML_MAPPING_START_EVENT:
            open_.push_back(&add(YamlNode::Kind::map));
            break;
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
            open_.pop_back();
            break;
        default: // documents, and aliases, which provisor refuses
            break;
        }
    }
    YamlNode take_root() { return std::move(root_); }

private:
    YamlNode& add(YamlNode::Kind kind) {
        YamlNode& node = open_.empty() ? root_ : open_.back()->items.emplace_back();
        node.kind = kind;
        return node;
    }
    void add_scalar(const yaml_event_t& event) {
        YamlNode& node = add(YamlNode::Kind::scalar);
        node.text = text_of(event.data.scalar.value, event.data.scalar.length);
        node.quoted = event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        const char* const nulls[]{"", "~", "null", "Null", "NULL"};
        if (!node.quoted && std::any_of(std::begin(nulls), std::end(nulls),
                                        [&](const char* null) { return node.text == null; }))
            node.kind = YamlNode::Kind::null;
    }

    YamlNode root_;
    std::vector<YamlNode*> open_;
};

/// YAML 1.1 ends a line at U+0085, U+2028 and U+2029 as well.
bool has_old_line_ends(const std::string& text) {
    for (const char* end : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"})
        if (text.find(end) != std::string::npos)
            return true;
    return false;
}

/// libyaml takes a tab behind the indentation of a block for a part of it; in YAML 1.2 (8.1.1.1)
/// that is made of spaces, and the tab belongs to the text.
bool is_text_with_tab(const SecondReading& second) {
    return second.refusal.ends_with("tab character where an indentation space is expected");
}

} // namespace

SecondReading read_with_libyaml(const std::string& text) {
    Parser parser(text);
    Tree tree;
    for (bool over = false; !over;) {
        yaml_event_t event;
        if (!parser.next(event))
            return {{}, parser.complaint(), byte_of(text, parser.character())};
        over = event.type == YAML_STREAM_END_EVENT;
        tree.take(event);
        yaml_event_delete(&event);
    }
    return {tree.take_root(), "", 0};
}

std::string difference(const YamlNode& a, const YamlNode& b) {
    const auto told = [](const YamlNode& node) {
        return node.kind == YamlNode::Kind::null ? std::string("null")
               : node.kind == YamlNode::Kind::scalar
                   ? (node.quoted ? "text '" : "'") + node.text + "'"
                   : "a collection";
    };
    if (a.kind != b.kind ||
        (a.kind == YamlNode::Kind::scalar && (a.quoted != b.quoted || a.text != b.text)))
        return fmt::format("line {}: {} and {}", a.line, told(a), told(b));
    if (a.items.size() != b.items.size())
        return fmt::format("line {}: {} and {} values", a.line, a.items.size(), b.items.size());
    for (std::size_t i = 0; i < a.items.size(); ++i)
        if (const std::string found = difference(a.items[i], b.items[i]); !found.empty())
            return found;
    return "";
}

std::string disagreement(const std::string& text) {
    if (has_old_line_ends(text))
        return "";
    // YAML 1.2 (6.2) has white space where libyaml has it made of spaces.
    std::string with_spaces = text;
    SecondReading second = read_with_libyaml(with_spaces);
    while (!second.refusal.empty() && with_spaces[second.place] == '\t' &&
           !is_text_with_tab(second)) {
        with_spaces[second.place] = ' ';
        second = read_with_libyaml(with_spaces);
    }
    if (second.refusal.empty())
        return difference(read_yaml(text, manifest_size_limit), second.root);
    return is_text_with_tab(second) ? "" : second.refusal;
}

} // namespace provisor::fuzz
