// SPDX-License-Identifier: Apache-2.0
#include "fetch/use_as_dictionary.hpp"

#include "wire/validator_text.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace provisor {
namespace {

bool is_key(unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_' || c == '-' || c == '.' ||
           c == '*';
}

/// What a token or a number is made of, and a byte sequence or boolean, too: only where they end is
/// of interest.
bool is_bare(unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-.:%*/?+=!#$&'^`|~").find(static_cast<char>(c)) !=
               std::string_view::npos;
}

struct Malformed {};

/// Reads a structured field from its beginning to its end.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool over() const { return text_.empty(); }
    bool take(char wanted) {
        if (!text_.starts_with(wanted))
            return false;
        text_.remove_prefix(1);
        return true;
    }
    void require(char wanted) {
        if (!take(wanted))
            throw Malformed();
    }
    void skip_blanks() {
        while (take(' ') || take('\t')) {
        }
    }
    std::string key() { return std::string(take_while(is_key)); }
    /// An item without its parameters: the text of a string, anything else as it stands.
    std::string item() {
        return text_.starts_with('"') ? string() : std::string(take_while(is_bare));
    }
    void parameters() {
        while (take(';')) {
            skip_blanks();
            key();
            if (take('='))
                item();
        }
    }
    /// The value of a member, empty for a list or one that has none.
    std::string member() {
        std::string value;
        if (take('=')) {
            if (take('('))
                list();
            else
                value = item();
        }
        parameters();
        return value;
    }

private:
    std::string_view take_while(bool (*is_part)(unsigned char)) {
        const auto end = std::find_if_not(text_.begin(), text_.end(), is_part);
        const auto size = static_cast<std::size_t>(end - text_.begin());
        if (size == 0)
            throw Malformed();
        const std::string_view taken = text_.substr(0, size);
        text_.remove_prefix(size);
        return taken;
    }
    std::string string() {
        std::string value;
        require('"');
        while (!take('"')) {
            const bool escaped = take('\\');
            const auto c = static_cast<unsigned char>(text_.empty() ? '\0' : text_.front());
            if (c < 0x20 || c >= 0x7F || (escaped && c != '"' && c != '\\'))
                throw Malformed();
            value += static_cast<char>(c);
            text_.remove_prefix(1);
        }
        return value;
    }
    void list() {
        for (skip_blanks(); !take(')'); skip_blanks()) {
            item();
            parameters();
        }
    }

    std::string_view text_;
};

UseAsDictionary read(Reader reader) {
    UseAsDictionary use;
    std::string type = "raw";
    for (;;) {
        const std::string key = reader.key();
        std::string value = reader.member();
        // Of several with one key the last one counts (RFC 9651, 4.2.2).
        if (key == "match")
            use.match = std::move(value);
        else if (key == "id")
            use.id = std::move(value);
        else if (key == "type")
            type = std::move(value);
        reader.skip_blanks();
        if (reader.over())
            break;
        reader.require(',');
        reader.skip_blanks();
    }
    if (use.match.empty() || !is_dictionary_text(use.match) || !is_dictionary_text(use.id) ||
        type != "raw")
        throw Malformed();
    return use;
}

} // namespace

std::optional<UseAsDictionary> parse_use_as_dictionary(std::string_view value) {
    try {
        return read(Reader(value));
    } catch (const Malformed&) {
        return std::nullopt;
    }
}

std::string structured_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

} // namespace provisor
