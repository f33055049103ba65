// SPDX-License-Identifier: Apache-2.0
//
// A manifest says the same to provisor however it is written, and nothing that another
// reader of YAML refuses or reads differently is taken. Some thousand manifests here; a million:
//   PROVISOR_MANIFESTS=1000000 build/tests/tests/fuzz/fuzz_generated_manifests_test
// PROVISOR_SEED is the first seed; one that fails is told.
#include "fuzz/printed.hpp"
#include "fuzz/second_reading.hpp"
#include "model/manifest.hpp"
#include "model/placeholders.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

namespace provisor::fuzz {
namespace {

const Facts facts{"x86_64", "0123456789abcdef0123456789abcdef", "linux"};

/// Makes things up; the same for the same seed.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    /// From 0 up to but not including `end`.
    std::size_t below(std::size_t end) { return engine_() % end; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    template <typename Items>
    const auto& one_of(const Items& items) {
        return *std::next(std::begin(items), static_cast<std::ptrdiff_t>(below(std::size(items))));
    }

private:
    std::mt19937_64 engine_;
};

/// Up to `longest` of these pieces, and at least one.
std::string text_of(Dice& dice, std::size_t longest, const std::vector<std::string>& pieces) {
    std::string text;
    for (std::size_t left = 1 + dice.below(longest); left > 0; --left)
        text += dice.one_of(pieces);
    return text;
}

/// What has a meaning for some YAML reader, and some that has none. Without '{', which would be a
/// placeholder.
std::string odd_text(Dice& dice) {
    static const std::vector<std::string> pieces{
        "a",  "Z",  "0", "1.10", " ",  "  ",   ": ", ":",    " #", "#",  "- ", "-",   "?",  "! ",
        "&a", "*a", "|", ">",    "%",  "@",    "`",  "'",    "''", "\"", "\\", "\\n", ",",  "[",
        "]",  "}",  "=", "~",    "<<", "null", "no", "0x1F", "é",  "→",  "😀",  "\t",  "..."};
    return text_of(dice, 12, pieces);
}

std::string word(Dice& dice) {
    static const std::vector<std::string> pieces{"a", "b", "x9", "q-", "z", "m7"};
    return "c" + text_of(dice, 6, pieces);
}

std::string a_url(Dice& dice) {
    static const std::vector<std::string> pieces{"a", "/", "1.0", "-", "%20", "?q=", "&", "+", "~"};
    return (dice.one_in(4) ? "http://" : "https://") + word(dice) + ".example/" +
           text_of(dice, 8, pieces);
}

std::string a_path(Dice& dice) {
    static const std::vector<std::string> pieces{"a", "b c", "é", "x.y", "#", ": "};
    return "/opt/" + word(dice) + "/" + text_of(dice, 4, pieces) + word(dice);
}

std::vector<std::string> a_command(Dice& dice) {
    std::vector<std::string> command{dice.one_in(3) ? "{staged}" : a_path(dice)};
    for (std::size_t left = dice.below(4); left > 0; --left)
        command.push_back(dice.one_in(3) ? "{path}" : odd_text(dice));
    return command;
}

AuthSpec an_auth(Dice& dice) {
    AuthSpec auth;
    switch (dice.below(4)) {
    case 0:
        auth.bearer = odd_text(dice);
        break;
    case 1:
        auth.user = odd_text(dice);
        auth.password = odd_text(dice);
        break;
    case 2:
        auth.netrc = true;
        break;
    default:
        auth.header["X-" + word(dice)] = odd_text(dice);
    }
    return auth;
}

/// The text of a unit file, which is taken as it is.
std::string unit_file(Dice& dice) {
    std::string file;
    for (std::size_t lines = dice.below(6); lines > 0; --lines)
        file += (dice.one_in(3) ? "  " : "") + odd_text(dice) + (dice.one_in(5) ? "{x}" : "") +
                (dice.one_in(4) ? "\n\n" : "\n");
    return file + (dice.one_in(3) ? "end" : "");
}

UnitSpec a_unit(Dice& dice) {
    UnitSpec unit;
    unit.name = word(dice) + ".service";
    unit.on_change = static_cast<OnChange>(dice.below(5));
    unit.on_repair = static_cast<OnRepair>(dice.below(2));
    if (dice.one_in(3))
        unit.file = unit_file(dice);
    unit.enable = dice.one_in(2);
    return unit;
}

Component a_component(Dice& dice) {
    Component made;
    made.name = word(dice);
    if (dice.one_in(2))
        made.version = "1" + text_of(dice, 5, {".", "0", "10", "-rc", "+b"});
    made.url = a_url(dice);
    for (std::size_t left = dice.below(3); left > 0; --left)
        made.mirrors.push_back(a_url(dice));
    if (dice.one_in(3))
        made.sha256 = std::string(63, dice.one_in(2) ? '0' : 'e') + "7";
    else if (dice.one_in(4))
        made.sha512 = std::string(127, dice.one_in(2) ? '0' : 'e') + "7";
    else if (dice.one_in(2)) {
        made.checksums = a_url(dice);
        if (dice.one_in(3))
            made.checksums_name = "app_" + word(dice);
    }
    if (dice.one_in(3))
        made.signature.url = a_url(dice);
    if (!made.signature.empty() && dice.one_in(2)) {
        made.signature.keys = {"vendor.pub", "0123456789ABCDEF"};
        made.signature.over =
            static_cast<SignatureOver>(dice.below(made.checksums.empty() ? 2 : 3));
    }
    if (dice.one_in(3))
        made.auth = an_auth(dice);
    made.update = static_cast<Update>(dice.below(2));
    made.format = static_cast<Format>(dice.below(8));
    for (std::size_t left = 1 + dice.below(3); left > 0; --left)
        made.files.push_back({dice.one_in(2) ? "" : odd_text(dice), a_path(dice),
                              static_cast<mode_t>(dice.below(010000)), word(dice),
                              std::to_string(dice.below(70000))});
    if (dice.one_in(3))
        made.check = a_command(dice);
    if (dice.one_in(4))
        made.version_from = VersionCommand{a_command(dice), R"(version\s+"?([^ "#:]+))"};
    for (std::size_t left = dice.below(3); left > 0; --left)
        made.units.push_back(a_unit(dice));
    // Two units of one name are an error.
    if (made.units.size() == 2 && made.units[0].name == made.units[1].name)
        made.units.pop_back();
    for (std::size_t left = dice.below(3); left > 0; --left)
        made.after.push_back(word(dice));
    made.health.settle = std::chrono::microseconds(dice.below(86'400'000'000));
    if (dice.one_in(4))
        made.health.http = a_url(dice);
    if (dice.one_in(4))
        made.health.tcp = word(dice) + ":80";
    if (dice.one_in(4))
        made.health.command = a_command(dice);
    made.rollback = static_cast<Rollback>(dice.below(2));
    made.version_order = static_cast<VersionOrder>(dice.below(4));
    made.allow_downgrade = dice.one_in(2);
    made.replace_packaged = dice.one_in(2);
    if (dice.one_in(4))
        made.windows.push_back(parse_window("Mon..Fri 02:00-04:00").window);
    made.state = static_cast<WantedState>(dice.below(3));
    return made;
}

/// Writes values in one of the many ways of YAML 1.2.
class Writer {
public:
    explicit Writer(Dice& dice) : dice_(dice) {}

    std::string document(const YamlNode& map) {
        comment_line(0);
        block_map(map, 0);
        return std::move(out_);
    }

private:
    using Kind = YamlNode::Kind;

    void block_map(const YamlNode& map, std::size_t indent) {
        for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
            if (i > 0 || out_.empty() || out_.back() == '\n')
                out_ += std::string(indent, ' ');
            out_ += scalar(map.items[i]) + ":" + (dice_.one_in(8) ? " " : "");
            value(map.items[i + 1], indent, true);
        }
    }
    void block_sequence(const YamlNode& sequence, std::size_t indent) {
        for (const YamlNode& item : sequence.items) {
            out_ += std::string(indent, ' ') + "-";
            value(item, indent, false);
        }
    }
    /// Behind "key:" or "-", up to and with the line end.
    void value(const YamlNode& node, std::size_t indent, bool of_key) {
        const bool collection = node.kind == Kind::map || node.kind == Kind::sequence;
        if (collection && !node.items.empty() && !dice_.one_in(4)) {
            const bool sequence = node.kind == Kind::sequence;
            // A list may stand right below its key, and a map right behind its dash.
            if (!of_key && !sequence && dice_.one_in(2)) {
                out_ += " ";
                block_map(node, indent + 2);
                return;
            }
            end_line(indent);
            const std::size_t more = sequence && of_key ? dice_.below(4) : 1 + dice_.below(4);
            sequence ? block_sequence(node, indent + more) : block_map(node, indent + more);
            return;
        }
        out_ += dice_.one_in(6) ? "   " : " ";
        if (node.kind == Kind::scalar && node.quoted && is_literal(node.text) && dice_.one_in(2)) {
            literal(node.text, indent + 1 + dice_.below(3));
            return;
        }
        flow(node, indent);
        end_line(indent);
    }
    void flow(const YamlNode& node, std::size_t indent) {
        if (node.kind != Kind::map && node.kind != Kind::sequence) {
            out_ += scalar(node);
            return;
        }
        const bool map = node.kind == Kind::map;
        out_ += map ? "{" : "[";
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            gap(indent);
            out_ += map ? scalar(node.items[i]) + ": " : "";
            i += map ? 1 : 0;
            flow(node.items[i], indent);
            if (i + 1 < node.items.size() || dice_.one_in(6))
                out_ += ",";
        }
        gap(indent);
        out_ += map ? "}" : "]";
    }
    /// Space between the parts of a flow collection.
    void gap(std::size_t indent) {
        if (dice_.one_in(6))
            out_ += "\n" + std::string(indent + 1 + dice_.below(3), ' ');
        else
            out_ += " ";
    }
    void end_line(std::size_t indent) {
        if (dice_.one_in(8))
            out_ += " # " + odd_text(dice_);
        else if (dice_.one_in(10))
            out_ += "  ";
        out_ += "\n";
        if (dice_.one_in(10))
            comment_line(indent);
        if (dice_.one_in(12))
            out_ += "\n";
    }
    void comment_line(std::size_t indent) {
        out_ += std::string(indent, ' ') + "#" + odd_text(dice_) + "\n";
    }

    std::string scalar(const YamlNode& node) {
        if (node.kind == Kind::null)
            return "~";
        if (!node.quoted || (is_word(node.text) && dice_.one_in(2)))
            return node.text;
        const bool printable = std::none_of(node.text.begin(), node.text.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20;
        });
        return printable && dice_.one_in(2) ? in_single_quotes(node.text)
                                            : in_double_quotes(node.text);
    }
    /// Means the same without quotes: nothing that could be a number or null.
    static bool is_word(const std::string& text) {
        return text.size() > 4 && (text[0] == 'c' || text[0] == 'h') &&
               text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789./-") ==
                   std::string::npos;
    }
    static std::string in_single_quotes(const std::string& text) {
        std::string out = "'";
        for (const char c : text)
            out += c == '\'' ? "''" : std::string(1, c);
        return out + "'";
    }
    std::string in_double_quotes(const std::string& text) {
        std::string out = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\')
                out += fmt::format("\\{}", c);
            else if (c == '\n')
                out += dice_.one_in(2) ? "\\n" : "\\x0A";
            else if (static_cast<unsigned char>(c) < 0x20)
                out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
            else
                out += c;
        }
        return out + "\"";
    }
    /// Can be a literal block whose indentation shows by itself.
    static bool is_literal(const std::string& text) {
        const std::size_t content = text.find_first_not_of('\n');
        return content == 0 && text[0] != ' ' && text[0] != '\t' &&
               text.find('\r') == std::string::npos;
    }
    void literal(const std::string& text, std::size_t indent) {
        const std::size_t ends = text.size() - text.find_last_not_of('\n') - 1;
        out_ += ends == 0 ? "|-\n" : ends == 1 ? "|\n" : "|+\n";
        const std::string body = ends == 0 ? text + "\n" : text;
        for (std::size_t at = 0; at < body.size();) {
            const std::size_t end = body.find('\n', at) + 1;
            if (end - at > 1)
                out_ += std::string(indent, ' ');
            out_ += body.substr(at, end - at);
            at = end;
        }
    }

    Dice& dice_;
    std::string out_;
};

/// A text with something wrong in it, perhaps.
std::string damaged(Dice& dice, std::string text) {
    static const std::vector<std::string> pieces{":",        ": ",          "-",
                                                 "- ",       "#",           " #",
                                                 "\"",       "'",           "[",
                                                 "]",        "{",           "}",
                                                 ",",        "|",           ">",
                                                 "&",        "*",           "!",
                                                 "%",        "@",           "`",
                                                 "?",        "? ",          "\\",
                                                 "\n",       " ",           "  ",
                                                 "\t",       "\r",          "---",
                                                 "...",      "\xc2\x80",    "\xef\xbb\xbf",
                                                 "\xc2\xa0", "\xef\xbf\xbe"};
    for (std::size_t left = 1 + dice.below(3); left > 0 && !text.empty(); --left) {
        const std::size_t at = dice.below(text.size());
        switch (dice.below(4)) {
        case 0:
            text.erase(at, 1 + dice.below(4));
            break;
        case 1:
            text.insert(at, dice.one_of(pieces));
            break;
        case 2:
            text.replace(at, 1, dice.one_of(pieces));
            break;
        default: // a part of it once more, elsewhere
            text.insert(dice.below(text.size()), text.substr(at, dice.below(40)));
        }
    }
    return text;
}

Component without_place(Component component) {
    component.place = {};
    for (Window& window : component.windows)
        window.line = window.column = 0;
    return component;
}

TEST(GeneratedManifests, G13SayTheSameHoweverTheyAreWrittenAndToEveryReader) {
    const char* asked = std::getenv("PROVISOR_MANIFESTS");
    const char* given = std::getenv("PROVISOR_SEED");
    const std::uint64_t count = asked == nullptr ? 2000 : std::stoull(asked);
    const std::uint64_t first = given == nullptr ? 1 : std::stoull(given);
    std::uint64_t damaged_and_taken = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        SCOPED_TRACE("PROVISOR_SEED=" + std::to_string(seed));
        Dice dice(seed);
        const Component component = a_component(dice);
        const auto printed = printed_manifest(component);
        ASSERT_TRUE(printed);
        const std::string text = Writer(dice).document(read_yaml(*printed, manifest_size_limit));
        const ParsedManifest parsed = parse_manifest({"m.yaml", text}, facts);
        for (const Diagnostic& error : parsed.errors)
            ADD_FAILURE() << to_text(error);
        ASSERT_EQ(parsed.components.size(), 1U) << text;
        ASSERT_EQ(without_place(parsed.components[0]), without_place(component)) << text;
        ASSERT_EQ(printed_manifest(parsed.components[0]), printed);
        ASSERT_EQ(disagreement(text), "") << text;

        const std::string other = damaged(dice, text);
        const ParsedManifest taken = parse_manifest({"m.yaml", other}, facts);
        if (!taken.errors.empty())
            continue;
        ++damaged_and_taken;
        ASSERT_EQ(disagreement(other), "") << other;
    }
    std::printf("%llu manifests, and as many that were damaged, of which %llu were taken\n",
                static_cast<unsigned long long>(count),
                static_cast<unsigned long long>(damaged_and_taken));
    EXPECT_GT(damaged_and_taken, count / 20) << "the damage leaves nothing to compare";
    EXPECT_LT(damaged_and_taken, count * 3 / 4) << "the damage is none";
}

} // namespace
} // namespace provisor::fuzz
