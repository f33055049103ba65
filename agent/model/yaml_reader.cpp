// SPDX-License-Identifier: Apache-2.0
#include "model/yaml_reader.hpp"

#include "base/text.hpp"

#include <fmt/format.h>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace provisor {
namespace {

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_nodes = 500'000;

/// Line and column, both from 1, of a byte.
std::pair<int, int> place_of(const std::string& text, std::size_t offset) {
    int line = 1;
    int column = 1;
    for (std::size_t i = 0; i < offset; ++i) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n' ? 1 : 0;
    }
    return {line, column};
}

[[noreturn]] void refuse_at(const std::string& text, std::size_t offset,
                            const std::string& message) {
    const auto [line, column] = place_of(text, offset);
    throw YamlError(line, column, message);
}

void check_text(const std::string& text, std::size_t size_limit) {
    if (text.size() > size_limit)
        throw YamlError(1, 1, fmt::format("the file is larger than {} MiB", size_limit >> 20));
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
        throw YamlError(1, 1, "the file is UTF-16; save it as UTF-8");
    if (text.starts_with("\xef\xbb\xbf"))
        throw YamlError(1, 1,
                        "the file begins with a byte order mark; save it as UTF-8 without one");
    if (const std::size_t bad = invalid_utf8(text); bad != std::string::npos)
        refuse_at(text, bad,
                  fmt::format("byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(text[bad])));
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F)
            refuse_at(text, i, fmt::format("control character 0x{:02x}", byte));
    }
}

/// Builds nodes from events.
class Builder : public YAML::EventHandler {
public:
    YamlNode take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0)
            throw YamlError(mark.line + 1, mark.column + 1,
                            "a second document ('---'); one file holds one document");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        YamlNode& node = add(YamlNode::Kind::null, mark, anchor);
        // An absent value has its mark where the next thing begins; a person looks for it at its
        // key.
        if (const YamlNode* map = open_.empty() ? nullptr : open_.back();
            map != nullptr && map->kind == YamlNode::Kind::map && map->items.size() % 2 == 0) {
            node.line = map->items[map->items.size() - 2].line;
            node.column = map->items[map->items.size() - 2].column;
        }
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw YamlError(mark.line + 1, mark.column + 1,
                        "aliases (*name) are not supported; write the value out");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        // yaml-cpp gives quoted and block scalars the tag "!", plain ones "?" or none.
        const bool plain = tag.empty() || tag == "?";
        if (!plain && tag != "!")
            throw YamlError(mark.line + 1, mark.column + 1, "tags (!name) are not supported");
        YamlNode& node = add(YamlNode::Kind::scalar, mark, anchor);
        node.quoted = !plain;
        node.text = value;
        // YAML's other ways to write null; yaml-cpp reports only an absent value by OnNull.
        if (plain && (value == "~" || value == "null" || value == "Null" || value == "NULL"))
            node.kind = YamlNode::Kind::null;
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open_.push_back(&add(YamlNode::Kind::sequence, mark, anchor));
    }
    void OnSequenceEnd() override { open_.pop_back(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open_.push_back(&add(YamlNode::Kind::map, mark, anchor));
    }
    void OnMapEnd() override { open_.pop_back(); }

private:
    /// The new node. It stays where it is while it is open: only the innermost open node's items
    /// grow.
    YamlNode& add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        const int line = mark.line + 1;
        const int column = mark.column + 1;
        if (anchor != 0)
            throw YamlError(line, column, "anchors (&name) are not supported; write the value out");
        if (++nodes_ > max_nodes)
            throw YamlError(line, column,
                            fmt::format("more than {} values in one file", max_nodes));
        if (open_.size() >= max_depth)
            throw YamlError(line, column,
                            fmt::format("nested more than {} levels deep", max_depth));
        YamlNode& node = open_.empty() ? root_ : open_.back()->items.emplace_back();
        node.kind = kind;
        node.line = line;
        node.column = column;
        return node;
    }

    YamlNode root_;
    std::vector<YamlNode*> open_;
    std::size_t nodes_ = 0;
    int documents_ = 0;
};

} // namespace

const YamlNode* YamlNode::find(const char* key) const {
    if (kind == Kind::map)
        for (std::size_t i = 0; i + 1 < items.size(); i += 2)
            if (items[i].text == key)
                return &items[i + 1];
    return nullptr;
}

YamlNode read_yaml(const std::string& text, std::size_t size_limit) {
    check_text(text, size_limit);
    Builder builder;
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& error) {
        // Marks count from 0, and the place stands in what() as well: only msg is without it.
        std::string message = error.msg;
        if (message == "bad file")
            message = "nested too deep";
        throw YamlError(error.mark.line + 1, error.mark.column + 1, "not YAML: " + message);
    }
    return builder.take();
}

} // namespace provisor
