// SPDX-License-Identifier: Apache-2.0
// What bad manifests are told. Each row is one manifest and the whole of its first complaint.
#include "model/manifest.hpp"

#include "model/placeholders.hpp"

#include <chrono>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

const Facts facts{"x86_64", "0123456789abcdef0123456789abcdef", "linux"};

struct Row {
    const char* name;
    std::string text;
    std::string complaint; ///< "line:column: message"
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

/// A component 'a' with this line added below a good url and path; the line is line 5.
std::string with(const std::string& line) {
    return "components:\n  a:\n    url: https://o/a\n    path: /opt/a\n    " + line + "\n";
}

std::string first_complaint(const std::string& text) {
    const ParsedManifest parsed = parse_manifest({"m.yaml", text}, facts);
    EXPECT_TRUE(parsed.errors.empty() || parsed.components.empty())
        << "a file with an error has no components";
    if (parsed.errors.empty())
        return "no complaint";
    const Diagnostic& error = parsed.errors.front();
    EXPECT_EQ(error.place.file, "m.yaml");
    return std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + ": " +
           error.message;
}

class BadManifest : public testing::TestWithParam<Row> {};

TEST_P(BadManifest, IsToldWhereAndWhatWasExpected) {
    EXPECT_EQ(first_complaint(GetParam().text), GetParam().complaint);
}

const auto name_of = [](const auto& row) { return std::string(row.param.name); };

INSTANTIATE_TEST_SUITE_P(
    Text, BadManifest,
    testing::Values(
        Row{"Tab", "components:\n\ta: 1\n",
            "2:1: not YAML: a tab in the indentation, where only spaces may be"},
        Row{"Utf16",
            "\xff\xfe"
            "c",
            "1:1: the file is UTF-16; save it as UTF-8"},
        Row{"ByteOrderMark",
            "\xef\xbb\xbf"
            "components: {}",
            "1:1: the file begins with a byte order mark; save it as UTF-8 without one"},
        Row{"NotUtf8", "components:\n  a\xff: 1\n",
            "2:4: byte 0xff is not UTF-8; save the file as UTF-8"},
        Row{"Nul", std::string("components: \0", 13),
            "1:13: control character 0x00, which YAML does not allow"},
        Row{"Escape", "components: \x1b[2J\n",
            "1:13: control character 0x1b, which YAML does not allow"},
        Row{"OpenQuote", "components: {}\nvars:\n  x: 'it''s\n  y: z\n",
            "3:6: not YAML: nothing closes this quote"},
        Row{"OpenDoubleQuote", "components: {}\nvars:\n  ä: \"x\\\"\n",
            "3:7: not YAML: nothing closes this quote"},
        Row{"OpenQuoteBehindATag", "components: {}\nvars:\n  x: ! 'y\n",
            "3:6: tags (!name) are not supported"},
        Row{"TagOfAMap", "components: !x {}\n", "1:13: tags (!name) are not supported"},
        Row{"TagOfAList", "components: {a: {mirrors: ! [x]}}\n",
            "1:27: tags (!name) are not supported"},
        // A text in YAML 1.2, a value without a key in YAML 1.1.
        Row{"ColonFirst", "components: {a: {mirrors: [x,:y]}}\n",
            "1:30: within brackets a text that begins with ':' must stand in quotes"},
        Row{"ValueNotIndented", "components:\n{}\n",
            "2:1: not YAML: this value must be further in than its key"},
        Row{"TextNotIndented", "components:\n  a:\n    url:\n    'x'\n",
            "4:5: not YAML: this value must be further in than its key"},
        Row{"Directive", "%YAML 1.2\n---\ncomponents: {}\n",
            "1:1: directives (%NAME) are not supported; indent what is none"},
        Row{"DirectiveWithin", "components: {}\n%ignored: 1\n",
            "2:1: directives (%NAME) are not supported; indent what is none"},
        Row{"NoEscape", "vars: {x: \"it\\'s\"}\n",
            "1:14: not YAML: a ' needs no backslash within double quotes"},
        // YAML has it for a line end, yaml-cpp for a part of the text.
        Row{"CarriageReturn", "components:\n  a: {url: x}\r  b: {}\r\n",
            "2:14: a carriage return that ends no line; lines end with LF or CR LF"},
        Row{"C1Control",
            "components: \xc2\x9b"
            "2J\n",
            "1:13: character U+009B, which YAML does not allow"},
        Row{"NoCharacter", "components: {} # \xef\xbf\xbe\n",
            "1:18: character U+FFFE, which YAML does not allow"},
        Row{"SecondDocument", "components: {}\n---\nvars: {}\n",
            "2:1: a second document begins here; one file holds one, without a '---' in it"},
        Row{"Anchor", "components: &a {}\n",
            "1:13: anchors (&name) are not supported; write the value out"},
        Row{"Alias", "vars: {x: *a}\n",
            "1:11: not YAML: the referenced anchor is not defined; aliases (*name) are not "
            "supported; "
            "put a text that begins with '*' in quotes"},
        Row{"Tag", "vars: {x: !!int 3}\n", "1:11: tags (!name) are not supported"},
        Row{"MergeKey", "components:\n  a:\n    <<: {url: x}\n",
            "3:5: merge keys (<<) are not supported; write the keys out"},
        Row{"DeepNesting", std::string(40, '['), "1:17: nested more than 32 levels deep"},
        Row{"NotAMap", "- a\n", "1:1: manifest: a mapping is expected, this is a list"},
        Row{"ComponentsIsAList", "components: []\n",
            "1:13: components: a mapping is expected, this is a list"},
        Row{"UnknownTopLevelKey", "component: {}\n",
            "1:1: manifest: unknown key 'component', did you mean 'components'?"},
        Row{"DuplicateComponent", "components:\n  a: {state: absent}\n  a: {state: absent}\n",
            "3:3: duplicate key 'a', first at line 2, column 3"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Components, BadManifest,
    testing::Values(Row{"UpperCaseName", "components:\n  App: {}\n",
                        "2:3: 'App' is no component name: at most 64 of a-z, 0-9, '.', '_', '-', "
                        "beginning with a letter or digit"},
                    Row{"NameWithPath", "components:\n  ../x: {}\n",
                        "2:3: '../x' is no component name: at most 64 of a-z, 0-9, '.', '_', '-', "
                        "beginning with a letter or digit"},
                    Row{"NameWithDotFirst", "components:\n  .x: {}\n",
                        "2:3: '.x' is no component name: at most 64 of a-z, 0-9, '.', '_', '-', "
                        "beginning with a letter or digit"},
                    Row{"LongName", "components:\n  " + std::string(65, 'a') + ": {}\n",
                        "2:3: '" + std::string(65, 'a') +
                            "' is no component name: at most 64 of a-z, 0-9, '.', '_', '-', "
                            "beginning with a letter or digit"},
                    Row{"NoBody", "components:\n  a:\n",
                        "2:3: component 'a': a mapping is expected, this is nothing"},
                    Row{"NoUrl", "components:\n  a:\n    path: /opt/a\n",
                        "2:3: component 'a': 'url' is missing"},
                    Row{"NoPath", "components:\n  a:\n    url: https://o/a\n",
                        "2:3: component 'a': 'path' (or 'files') is missing"},
                    Row{"UnknownKeyNear", with("shar256: x"),
                        "5:5: component 'a': unknown key 'shar256', did you mean 'sha256'?"},
                    Row{"DuplicateKey", with("path: /opt/b"),
                        "5:5: duplicate key 'path', first at line 4, column 5"},
                    Row{"BothForms", with("files: [{path: /opt/b}]"),
                        "2:3: component 'a': either 'files' or 'path' is expected, not both"},
                    Row{"TwoKindsOfDigest",
                        with("sha256: " + std::string(64, 'a') + "\n    sha256sums: https://o/s"),
                        "6:17: component 'a': either 'sha256' or 'checksums' is expected"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Values, BadManifest,
    testing::Values(
        Row{"UrlWithoutScheme", "components:\n  a:\n    url: o/a\n    path: /opt/a\n",
            "3:10: url: 'o/a' is no URL that can be fetched: https://, http:// or file:// is "
            "expected"},
        Row{"UrlOfFtp", with("mirrors: [ftp://o/a]"),
            "5:15: mirrors: 'ftp://o/a' is no URL that can be fetched: https://, http:// or "
            "file:// is expected"},
        Row{"UrlWithoutHost", with("mirrors: ['https:///a']"),
            "5:15: mirrors: 'https:///a' names no host"},
        Row{"UrlWithBadPort", with("mirrors: ['https://o:99999/a']"),
            "5:15: mirrors: 'https://o:99999/a' has an impossible port"},
        Row{"UrlWithSpace", with("mirrors: ['https://o/a b']"),
            "5:15: mirrors: 'https://o/a b' has a character that a URL cannot have: percent-encode "
            "it"},
        Row{"MirrorsNotAList", with("mirrors: https://o/a"),
            "5:14: mirrors: a list of URLs is expected"},
        Row{"ShortDigest", with("sha256: abc"),
            "5:13: sha256: 'abc' is not a digest; 64 hex digits are expected"},
        Row{"UnquotedMode", with("mode: 0755"),
            "5:11: mode: three or four octal digits in quotes are expected, like \"0755\""},
        Row{"DecimalMode", with("mode: \"0789\""),
            "5:11: mode: three or four octal digits in quotes are expected, like \"0755\""},
        Row{"SymbolicMode", with("mode: \"u+x\""),
            "5:11: mode: three or four octal digits in quotes are expected, like \"0755\""},
        Row{"BadOwner", with("owner: 'a b'"),
            "5:12: owner: 'a b' is no user or group: a name or a decimal id is expected"},
        Row{"RelativePath", with("files: [{path: opt/a}]"),
            "5:20: path: 'opt/a' is not an absolute path"},
        Row{"PathWithDots", with("files: [{path: /opt/../a}]"),
            "5:20: path: '/opt/../a' is not a normal path: write it without '//', '.' and '..'"},
        Row{"PathWithDoubleSlash", with("files: [{path: /opt//a}]"),
            "5:20: path: '/opt//a' is not a normal path: write it without '//', '.' and '..'"},
        Row{"PathOfAFolder", with("files: [{path: /opt/}]"),
            "5:20: path: '/opt/' ends with '/': a file is expected, not a directory"},
        Row{"FileWithoutPath", with("files: [{mode: \"0755\"}]"), "5:13: files: 'path' is missing"},
        Row{"EmptyFiles", with("files: []"),
            "5:12: files: a list of mappings with 'path' is expected"},
        Row{"UnknownPlaceholder", with("mirrors: ['https://o/{versoin}']"),
            "5:15: mirrors: unknown placeholder {versoin}; known here are {arch}, {arch:deb}, "
            "{arch:go}, {arch:rpm}, "
            "{arch:uname}, {machine_id}, {name}, {os}, {url}"},
        Row{"UrlInUrl", "components:\n  a:\n    url: 'https://{url}/'\n    path: /opt/a\n",
            "3:10: url: unknown placeholder {url}; known here are {arch}, {arch:deb}, {arch:go}, "
            "{arch:rpm}, {arch:uname}, "
            "{machine_id}, {name}, {os}"},
        Row{"StagedInPath", with("files: [{path: '/opt/{staged}'}]"),
            "5:20: path: unknown placeholder {staged}: it is known only in commands"},
        Row{"PathInUrl", "components:\n  a:\n    url: 'https://{path}/'\n    path: /opt/a\n",
            "3:10: url: unknown placeholder {path}: it is known only in commands"},
        Row{"PathWithDelete", with("files: [{path: \"/opt/\\x7F\"}]"),
            "5:20: path: '/opt/\\x7f' has a control character in it"},
        Row{"QuotedMergeKey", "'<<': 1\n",
            "1:1: manifest: unknown key '<<'; known are components, vars"},
        Row{"QuotedBoolean", with("allow_downgrade: 'true'"),
            "5:22: allow_downgrade: true or false is expected"},
        Row{"BadUpdate", with("update: if-mising"),
            "5:13: update: 'if-mising' is not one of revalidate, if-missing, did you "
            "mean 'if-missing'?"},
        Row{"BadFormat", with("format: rar"),
            "5:13: format: 'rar' is not one of auto, raw, gzip, zstd, xz, bzip2, tar, zip, did "
            "you mean 'raw'?"},
        Row{"YesIsNoBoolean", with("allow_downgrade: yes"),
            "5:22: allow_downgrade: true or false is expected"},
        Row{"BadState", with("state: gone"),
            "5:12: state: 'gone' is not one of present, absent, held"},
        Row{"BadSpan", with("health: {settle: 10 parsecs}"),
            "5:22: settle: '10 parsecs' is no time span; one like 30s, 5min or \"1h 30min\" is "
            "expected"},
        Row{"EndlessSettle", with("health: {settle: infinity}"),
            "5:22: settle: at most a day is expected"},
        Row{"BadTcp", with("health: {tcp: localhost}"),
            "5:19: tcp: 'localhost' is no address: \"host:port\" is expected"},
        Row{"TcpPort", with("health: {tcp: 'localhost:70000'}"),
            "5:19: tcp: 'localhost:70000' is no address: \"host:port\" is expected"},
        Row{"TcpPortOfZero", with("health: {tcp: 'localhost:0'}"),
            "5:19: tcp: 'localhost:0' is no address: \"host:port\" is expected"},
        Row{"TcpPortWithMore", with("health: {tcp: 'localhost:80/'}"),
            "5:19: tcp: 'localhost:80/' is no address: \"host:port\" is expected"},
        Row{"TcpWithoutPort", with("health: {tcp: 'localhost:'}"),
            "5:19: tcp: 'localhost:' is no address: \"host:port\" is expected"},
        Row{"TcpWithoutHost", with("health: {tcp: ':80'}"),
            "5:19: tcp: ':80' is no address: \"host:port\" is expected, with an IPv6 address as "
            "in \"[::1]:80\""},
        Row{"TcpWithHalfBrackets", with("health: {tcp: '[::1:80'}"),
            "5:19: tcp: '[::1:80' is no address: \"host:port\" is expected, with an IPv6 address "
            "as in \"[::1]:80\""},
        Row{"TcpWithoutBrackets", with("health: {tcp: '::1:80'}"),
            "5:19: tcp: '::1:80' is no address: \"host:port\" is expected, with an IPv6 address as "
            "in "
            "\"[::1]:80\""},
        Row{"TcpWithUser", with("health: {tcp: 'me@localhost:80'}"),
            "5:19: tcp: 'me@localhost:80' is no address: \"host:port\" is expected, with an IPv6 "
            "address as in \"[::1]:80\""},
        Row{"HealthFile", with("health: {http: 'file:///x'}"),
            "5:20: http: an http:// or https:// URL is expected"},
        Row{"BadWindow", with("windows: [ nights ]"),
            "5:16: windows: 'nights' is no window; one like \"Mon..Fri 02:00-04:00\" is expected"},
        Row{"WindowsNotAList", with("windows: 02:00-04:00"),
            "5:14: windows: a list like [ \"Mon..Fri 02:00-04:00\" ] is expected"},
        Row{"SecondWindowIsBad", with("windows: [ 02:00-04:00, Sun 26:00-27:00 ]"),
            "5:29: windows: 'Sun 26:00-27:00' is no window; '26:00' is no time of day; one like "
            "\"02:00\" is expected"},
        Row{"CommandAsText", with("check: x --version"),
            "5:12: check: a list of program and arguments is expected"},
        Row{"RelativeProgram", with("check: [x]"),
            "5:13: check: the program must be an absolute path, {staged} or {path}"},
        Row{"MatchWithoutGroup", with("version_from: {command: [/bin/x], match: 'v.*'}"),
            "5:46: match: a regular expression with exactly one group is expected"},
        Row{"BadMatch", with("version_from: {command: [/bin/x], match: '('}"),
            "5:46: match: this is no regular expression (ECMAScript)"},
        Row{"BackReference", with("version_from: {command: [/bin/x], match: '(a)\\1'}"),
            "5:46: match: back-references are not supported"},
        Row{"AuthOfTwoKinds", with("auth: {bearer: a, netrc: true}"),
            "5:11: auth: exactly one of bearer, basic, netrc, header is expected"},
        Row{"HeaderOfTwoLines", with("auth: {header: {\"X-A: b\\r\\nX-C\": d}}"),
            "5:21: header: 'X-A: b\\x0d\\x0aX-C' is not the name of a header: letters, digits "
            "and - are expected"},
        Row{"HeaderWithoutAName", with("auth: {header: {\"\": d}}"),
            "5:21: header: '' is not the name of a header: letters, digits and - are expected"},
        Row{"HeaderHost", with("auth: {header: {HOST: elsewhere}}"),
            "5:21: header: 'HOST' is a header that provisor sets itself, or that would change what "
            "the request is"},
        Row{"HeaderThatFrames", with("auth: {header: {Transfer-Encoding: chunked}}"),
            "5:21: header: 'Transfer-Encoding' is a header that provisor sets itself, or that "
            "would "
            "change what the request is"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Units, BadManifest,
    testing::Values(
        Row{"UnitsNotAList", with("units: x.service"),
            "5:12: units: a list of mappings with 'name' is expected"},
        Row{"UnitWithoutName", with("units: [{enable: true}]"), "5:13: units: 'name' is missing"},
        Row{"UnitWithoutSuffix", with("units: [{name: x}]"),
            "5:20: name: 'x' is no unit name: it must end in .service, .timer, .socket "
            "or another unit type"},
        Row{"UnitWithSlash", with("units: [{name: ../x.service}]"),
            "5:20: name: '../x.service' is no unit name: letters, digits and ':-_.\\@' "
            "are expected, at most 255"},
        Row{"UnitWithNewline", with("units: [{name: \"x\\ny.service\"}]"),
            "5:20: name: 'x\\x0ay.service' is no unit name: letters, digits and "
            "':-_.\\@' are expected, at most 255"},
        Row{"UnitOfNothing", with("units: [{name: .service}]"),
            "5:20: name: '.service' is no unit name: letters, digits and ':-_.\\@' "
            "are expected, at most 255"},
        Row{"UnitOfAnInstanceOfNothing", with("units: [{name: '@x.service'}]"),
            "5:20: name: '@x.service' is no unit name: letters, digits and ':-_.\\@' "
            "are expected, at most 255"},
        Row{"UnitOf256Bytes", with("units: [{name: " + std::string(248, 'x') + ".service}]"),
            "5:20: name: '" + std::string(80, 'x') +
                "…' is no unit name: letters, "
                "digits and ':-_.\\@' are expected, at most 255"},
        Row{"UnitTemplate", with("units: [{name: x@.service}]"),
            "5:20: name: 'x@.service' is a template; name an instance"},
        Row{"UnitTwice", with("units: [{name: x.service}, {name: x.service}]"),
            "5:32: units: 'x.service' stands here twice"},
        Row{"BadOnChange", with("units: [{name: x.service, on_change: restrat}]"),
            "5:42: on_change: 'restrat' is not one of restart, reload, "
            "reload-or-restart, start, none, did you mean "
            "'restart'?"},
        Row{"VarOfABuiltIn", "vars: {arch: x}\n",
            "1:8: vars: 'arch' is the name of a built-in placeholder"},
        Row{"VarVersion", "vars: {version: x}\n",
            "1:8: vars: 'version' is the name of a built-in placeholder"},
        Row{"VarStaged", "vars: {staged: x}\n",
            "1:8: vars: 'staged' is the name of a built-in placeholder"},
        Row{"VarPath", "vars: {path: x}\n",
            "1:8: vars: 'path' is the name of a built-in placeholder"}),
    name_of);

TEST(BadManifests, TellSeveralFaultsAtOnce) {
    const ParsedManifest parsed =
        parse_manifest({"m.yaml", with("ulr: x\n    mode: 1\n    state: gone")}, facts);
    EXPECT_EQ(parsed.errors.size(), 3U);
}

TEST(BadManifests, ShowTheLineWithACaret) {
    const ParsedManifest parsed = parse_manifest({"m.yaml", with("state: gone")}, facts);
    ASSERT_EQ(parsed.errors.size(), 1U);
    EXPECT_EQ(to_text(parsed.errors[0]),
              "m.yaml:5:12: state: 'gone' is not one of present, absent, held\n"
              "        state: gone\n"
              "               ^");
}

TEST(BadManifests, OfHostileSizeAreRefusedQuickly) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(first_complaint(std::string(100UL << 20, 'a')),
              "1:1: the file is larger than 4 MiB; split it into several");
    std::string many = "vars: [";
    for (int i = 0; i < 600'000; ++i)
        many += "1,";
    EXPECT_NE(first_complaint(many + "1]").find("more than 250000 values"), std::string::npos);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30))
        << "generous: the machine may be busy";
}

TEST(BadManifests, AreNotWrittenOutWithoutEnd) {
    const std::string vars = "vars: {k: " + std::string(1000, 'x') + "}\n";
    std::string path = "/";
    for (int i = 0; i < 20; ++i)
        path += "{k}";
    EXPECT_EQ(
        first_complaint(vars + "components:\n  a:\n    url: https://o/a\n    path: " + path + "\n"),
        "5:11: path: longer than 16 KiB once the placeholders are filled in");
    std::string many = vars + with("mirrors:");
    for (int i = 0; i < 10'000; ++i)
        many += "      - https://o/{k}\n";
    const ParsedManifest parsed = parse_manifest({"m.yaml", many}, facts);
    ASSERT_EQ(parsed.errors.size(), 1U) << "told once";
    EXPECT_EQ(parsed.errors[0].message,
              "the manifest is larger than 4 MiB once the placeholders are filled in");
    EXPECT_EQ(first_complaint("vars: {k: " + std::string(4097, 'x') + "}\n"),
              "1:11: vars: 'k': at most 4096 bytes are expected");
}

/// What yaml-cpp tells of them is beyond the text, or no text.
TEST(BadManifests, OfABadEscapeAreToldInPrintWithinTheText) {
    const std::string use = "; in double quotes write \\\\ for a backslash, or use single quotes";
    EXPECT_EQ(first_complaint("a: \"\\"), "1:6: not YAML: the text ends within double quotes");
    EXPECT_EQ(first_complaint("a: \"\\ä\""), "1:5: not YAML: unknown escape character" + use);
    EXPECT_EQ(first_complaint("a: \"\\q\""), "1:5: not YAML: unknown escape character: q" + use);
    const std::string cut = "a: \"\\U";
    EXPECT_EQ(first_complaint(cut).substr(0, 13), "1:7: not YAML");
    EXPECT_EQ(first_complaint(cut).find('\x04'), std::string::npos);
}

TEST(BadManifests, OfALongLineShowWhatIsAroundTheColumn) {
    const std::string umlauts = [] {
        std::string text;
        for (int i = 0; i < 200; ++i)
            text += "ä";
        return text;
    }();
    const ParsedManifest parsed =
        parse_manifest({"m.yaml", "vars: {a: \"" + umlauts + "\", b: [c]}\n"}, facts);
    ASSERT_EQ(parsed.errors.size(), 1U);
    const Diagnostic& error = parsed.errors[0];
    EXPECT_TRUE(error.line_text.starts_with("…ä")) << error.line_text;
    EXPECT_TRUE(error.line_text.ends_with("ä\", b: [c]}")) << error.line_text;
    // Under the bracket, in characters.
    const std::string line = to_text(error).substr(to_text(error).find('\n') + 1);
    std::size_t column = 0;
    for (const char c : line.substr(0, line.find('[')))
        column += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 0 : 1;
    EXPECT_EQ(line.find('^') - line.find('\n') - 1, column) << line;
}

TEST(BadManifests, NeverFillTheScreen) {
    std::string text = "components:\n";
    for (int i = 0; i < 1000; ++i)
        text += "  A" + std::to_string(i) + ": {}\n";
    EXPECT_EQ(parse_manifest({"m.yaml", text}, facts).errors.size(), 50U);
    text = "components:\n";
    for (int i = 0; i < 1000; ++i)
        text += fmt::format("  a{}: {{url: \"http://o/a\", path: /opt/a{}}}\n", i, i);
    const ParsedManifest warned = parse_manifest({"m.yaml", text}, facts);
    EXPECT_TRUE(warned.errors.empty());
    EXPECT_EQ(warned.warnings.size(), 50U);
}

} // namespace
} // namespace provisor
