// SPDX-License-Identifier: Apache-2.0
#include "model/yaml_reader.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <istream>
#include <streambuf>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace provisor {
namespace {

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_nodes = 250'000;
/// About 30 MiB of tokens; ten thousand components in one pair of braces have less.
constexpr std::size_t max_waiting = 500'000;

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

/// What begins here and is not ASCII, if YAML 1.2 does not allow it (c-printable in 5.1, which
/// yaml-cpp does not ask for); else 0. `text` is UTF-8.
unsigned unprintable_at(const std::string& text, std::size_t offset) {
    const std::string_view rest = std::string_view(text).substr(offset, 3);
    if (rest.starts_with("\xc2")) {
        const auto control = static_cast<unsigned char>(rest[1]);
        return control < 0xA0 && control != 0x85 ? control : 0;
    }
    return rest == "\xef\xbf\xbe" ? 0xFFFE : rest == "\xef\xbf\xbf" ? 0xFFFF : 0;
}

void check_text(const std::string& text, std::size_t size_limit) {
    if (text.size() > size_limit)
        throw YamlError(
            1, 1,
            fmt::format("the file is larger than {} MiB; split it into several", size_limit >> 20));
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
        throw YamlError(1, 1, "the file is UTF-16; save it as UTF-8");
    if (text.starts_with("\xef\xbb\xbf"))
        throw YamlError(1, 1,
                        "the file begins with a byte order mark; save it as UTF-8 without one");
    if (const std::size_t bad = invalid_utf8(text); bad != std::string::npos)
        refuse_at(text, bad,
                  fmt::format("byte 0x{:02x} is not UTF-8; save the file as UTF-8",
                              static_cast<unsigned char>(text[bad])));
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F)
            refuse_at(text, i,
                      fmt::format("control character 0x{:02x}, which YAML does not allow", byte));
        if (byte == '\r' && text.compare(i, 2, "\r\n") != 0)
            refuse_at(text, i, "a carriage return that ends no line; lines end with LF or CR LF");
        if (byte == '%' && (i == 0 || text[i - 1] == '\n'))
            refuse_at(text, i, "directives (%NAME) are not supported; indent what is none");
        if (const unsigned character = unprintable_at(text, i); character != 0)
            refuse_at(text, i,
                      fmt::format("character U+{:04X}, which YAML does not allow", character));
    }
}

/// Gives a text to yaml-cpp piece by piece. Where a bracket opens what may yet become a key
/// ("[a, b]: c"), its scanner tells of nothing before that one is closed, and holds all tokens that
/// it finds meanwhile, each about a hundred bytes: more than a sane file has are refused here.
class MeasuredText : public std::streambuf {
public:
    explicit MeasuredText(const std::string& text) : text_(text) {}

    const std::string& whole() const { return text_; }
    /// The scanner holds nothing back.
    void told() { waiting_ = 0; }

protected:
    int_type underflow() override {
        const std::size_t size = text_.copy(piece_.data(), piece_.size(), given_);
        for (const char c : std::string_view(piece_.data(), size))
            waiting_ += weight_of(c);
        if (waiting_ > max_waiting)
            refuse_at(
                text_, given_,
                "too much that belongs together, as within one pair of brackets; write it with "
                "indentation, or split it into several files");
        // At the end the last piece stays: of a text that is one byte long yaml-cpp, which looks
        // for a byte order mark, puts that one back only then.
        if (size == 0)
            return traits_type::eof();
        given_ += size;
        setg(piece_.data(), piece_.data(), piece_.data() + size);
        return traits_type::to_int_type(piece_.front());
    }

private:
    /// About how many tokens a character brings: its own, and those of what may follow it. Every
    /// value is preceded by one that it might be a key, and on a line may stand a value.
    static std::size_t weight_of(char c) {
        if (std::string_view("[{,:?&!").find(c) != std::string_view::npos)
            return 3;
        return std::string_view("]}-\"'*|>#\n").find(c) == std::string_view::npos ? 0 : 1;
    }

    const std::string& text_;
    std::array<char, 4096> piece_{};
    std::size_t given_ = 0;
    std::size_t waiting_ = 0;
};

/// Where the quoted text that begins at this byte is over. Refuses what yaml-cpp passes over: it
/// takes all up to the end of the file when nothing closes the quote and the file ends with a line
/// end (what was cut off would pass for the whole), and "\'", which is no escape of YAML (5.7).
std::size_t end_of_quoted(const std::string& text, std::size_t begin) {
    const char quote = text[begin];
    for (std::size_t i = begin + 1; i < text.size(); ++i) {
        const bool escape = quote == '"' && text[i] == '\\';
        if (escape && text.compare(i, 2, "\\'") == 0)
            refuse_at(text, i, "not YAML: a ' needs no backslash within double quotes");
        const bool pair = escape || (quote == '\'' && text.compare(i, 2, "''") == 0);
        if (!pair && text[i] == quote)
            return i + 1;
        i += pair ? 1 : 0;
    }
    refuse_at(text, begin, "not YAML: nothing closes this quote");
}

/// Builds nodes from events.
class Builder : public YAML::EventHandler {
public:
    explicit Builder(MeasuredText& text) : text_(text) {}
    YamlNode take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0)
            throw YamlError(
                mark.line + 1, mark.column + 1,
                "a second document begins here; one file holds one, without a '---' in it");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        YamlNode& node = add(YamlNode::Kind::null, mark, anchor);
        // An absent value has its mark where the next thing begins; a person looks for it at its
        // key.
        if (const YamlNode* map = open_.empty() ? nullptr : open_.back();
            map != nullptr && map->kind == YamlNode::Kind::map && map->items.size() % 2 == 0) {
            const YamlNode& key = map->items[map->items.size() - 2];
            node.line = key.line;
            node.column = key.column;
            check_colon(key);
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
            refuse_tag(mark);
        if (plain && value.starts_with(':') && in_brackets_ > 0)
            throw YamlError(mark.line + 1, mark.column + 1,
                            "within brackets a text that begins with ':' must stand in quotes");
        const char first = byte_at(mark);
        const auto begin = static_cast<std::size_t>(mark.pos);
        scalar_end_ = first == '\'' || first == '"' ? end_of_quoted(text_.whole(), begin)
                                                    : begin + value.size();
        YamlNode& node = add(YamlNode::Kind::scalar, mark, anchor);
        node.quoted = !plain;
        node.text = value;
        // YAML's other ways to write null; yaml-cpp reports only an absent value by OnNull.
        if (plain && (value == "~" || value == "null" || value == "Null" || value == "NULL"))
            node.kind = YamlNode::Kind::null;
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        dashes_ = style != YAML::EmitterStyle::Flow;
        open(add(YamlNode::Kind::sequence, mark, anchor), style);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(add(YamlNode::Kind::map, mark, anchor), style);
    }
    void OnMapEnd() override { close(); }

private:
    char byte_at(const YAML::Mark& mark) const {
        const auto offset = static_cast<std::size_t>(mark.pos);
        return offset < text_.whole().size() ? text_.whole()[offset] : '\0';
    }
    [[noreturn]] static void refuse_tag(const YAML::Mark& mark) {
        throw YamlError(mark.line + 1, mark.column + 1, "tags (!name) are not supported");
    }
    void open(YamlNode& node, YAML::EmitterStyle::value style) {
        open_.push_back(&node);
        dashes_ = false;
        // Within brackets there are only others.
        in_brackets_ += in_brackets_ > 0 || style == YAML::EmitterStyle::Flow ? 1 : 0;
    }
    void close() {
        open_.pop_back();
        in_brackets_ -= in_brackets_ > 0 ? 1 : 0;
    }
    /// The new node. It stays where it is while it is open: only the innermost open node's items
    /// grow.
    YamlNode& add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (byte_at(mark) == '!')
            refuse_tag(mark);
        const int line = mark.line + 1;
        const int column = mark.column + 1;
        text_.told();
        if (anchor != 0)
            throw YamlError(line, column, "anchors (&name) are not supported; write the value out");
        if (++nodes_ > max_nodes)
            throw YamlError(
                line, column,
                fmt::format("more than {} values in one file; split it into several", max_nodes));
        if (open_.size() >= max_depth)
            throw YamlError(line, column,
                            fmt::format("nested more than {} levels deep", max_depth));
        YamlNode& node = open_.empty() ? root_ : open_.back()->items.emplace_back();
        node.kind = kind;
        node.line = line;
        node.column = column;
        check_indentation(node);
        return node;
    }

    /// A key is followed by ":" (YAML 1.2, 8.2.2), which yaml-cpp does not ask for where no value
    /// follows either. Called behind the key, which was the last scalar.
    void check_colon(const YamlNode& key) const {
        if (in_brackets_ > 0 || key.kind != YamlNode::Kind::scalar)
            return;
        const std::string& text = text_.whole();
        const std::size_t next = text.find_first_not_of(" \t", scalar_end_);
        if (next == std::string::npos || text[next] != ':')
            throw YamlError(key.line, key.column, "not YAML: this key is not followed by ':'");
    }

    /// A value is further in than its key, but for the "-" of a list below it (YAML 1.2, 8.2).
    /// yaml-cpp takes "{" and quotes below the key as well.
    void check_indentation(const YamlNode& node) const {
        if (in_brackets_ > 0 || dashes_ || open_.empty() || node.kind == YamlNode::Kind::null)
            return;
        const YamlNode& parent = *open_.back();
        const bool is_value = parent.kind == YamlNode::Kind::map && parent.items.size() % 2 == 0;
        if (is_value && node.column <= parent.column)
            throw YamlError(node.line, node.column,
                            "not YAML: this value must be further in than its key");
    }

    MeasuredText& text_;
    YamlNode root_;
    std::vector<YamlNode*> open_;
    bool dashes_ = false;         ///< the node to add is a list with a "-" before each item
    std::size_t in_brackets_ = 0; ///< how many of these, the innermost ones, are "[]" or "{}"
    std::size_t nodes_ = 0;
    std::size_t scalar_end_ = 0; ///< the byte behind the last scalar, if it is on one line
    int documents_ = 0;
};

/// How yaml-cpp's message about a backslash begins.
constexpr std::string_view unknown_escape = "unknown escape character: ";

/// What to do about a message of yaml-cpp, which tells what its parser met; empty when it says
/// enough.
std::string_view remedy_for(std::string_view message) {
    struct Row {
        std::string_view message;
        std::string_view remedy;
    };
    static constexpr Row rows[]{
        {"illegal map value",
         "look at the indentation here and above, and put a text with ': ' in quotes"},
        {"illegal block entry", "look at the indentation of this '-' and of what is above"},
        {"end of map not found", "this line does not belong to the mapping above: look at the "
                                 "indentation, and put a text that begins with '{' in quotes"},
        {"end of sequence not found",
         "this line does not belong to the list above: look at the indentation"},
        {"end of map flow not found", "a '{' has no '}'"},
        {"end of sequence flow not found", "a '[' has no ']'"},
        {"illegal flow end", "this bracket closes nothing that is open here"},
        {"unknown token", "a value that begins like this must stand in quotes"},
        {"the referenced anchor is not defined",
         "aliases (*name) are not supported; put a text that begins with '*' in quotes"},
        {"bad file", "nested too deep"},
    };
    if (message.starts_with(unknown_escape))
        return "in double quotes write \\\\ for a backslash, or use single quotes";
    for (const Row& row : rows)
        if (message == row.message)
            return row.remedy;
    return "";
}

/// The column, from 1, of a tab in what indents a line; 0 when there is none.
std::size_t indenting_tab(std::string_view line) {
    const std::size_t end = std::min(line.find_first_not_of(" \t"), line.size());
    const std::size_t tab = line.find('\t');
    return tab < end ? tab + 1 : 0;
}

[[noreturn]] void refuse_syntax(const std::string& text, const YAML::Exception& error) {
    // Marks count from 0, and the place stands in what() as well: only msg is without it.
    const int line = error.mark.line + 1;
    const std::string_view content = line_of(text, line);
    if (const std::size_t tab = indenting_tab(content); tab > 0)
        throw YamlError(line, static_cast<int>(tab),
                        "not YAML: a tab in the indentation, where only spaces may be");
    // The scanner goes on beyond the end of a text, where it reads U+0004, and counts that.
    int column = std::min(error.mark.column, static_cast<int>(content.size())) + 1;
    if (error.msg == std::string(unknown_escape) + '\x04')
        throw YamlError(line, column, "not YAML: the text ends within double quotes");
    std::string message = printable(error.msg, 200);
    if (error.msg.starts_with(unknown_escape)) {
        // It tells the first byte of the character, and the place behind that.
        column = std::max(error.mark.column - 1, 1);
        if (invalid_utf8(error.msg) != std::string_view::npos)
            message = "unknown escape character";
    }
    const std::string_view advice = remedy_for(error.msg);
    throw YamlError(line, column,
                    fmt::format("not YAML: {}{}{}", message, advice.empty() ? "" : "; ", advice));
}

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
    MeasuredText measured(text);
    Builder builder(measured);
    try {
        std::istream stream(&measured);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& error) {
        refuse_syntax(text, error);
    }
    return builder.take();
}

} // namespace provisor
