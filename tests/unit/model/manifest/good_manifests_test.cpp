// SPDX-License-Identifier: Apache-2.0
#include "model/manifest.hpp"

#include "model/placeholders.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

const Facts facts{"x86_64", "0123456789abcdef0123456789abcdef", "linux"};

std::vector<Component> read(const std::string& text) {
    ParsedManifest parsed = parse_manifest({"m.yaml", text}, facts);
    for (const Diagnostic& error : parsed.errors)
        ADD_FAILURE() << to_text(error);
    return std::move(parsed.components);
}

TEST(GoodManifest, ASignatureMayNameItsKeysAndWhatItIsOver) {
    const auto signature_of = [](const std::string& signature) {
        return read("components:\n  a:\n    url: https://o/a\n    path: /opt/a\n"
                    "    sha256sums: https://o/SUMS\n    signature: " +
                    signature + "\n")
            .at(0)
            .signature;
    };
    EXPECT_EQ(signature_of("\"{url}.minisig\""), (SignatureSpec{"https://o/a.minisig", {}, {}}));
    EXPECT_EQ(signature_of("{ url: \"{url}.minisig\" }"),
              (SignatureSpec{"https://o/a.minisig", {}, {}}));
    EXPECT_EQ(signature_of(
                  "{ url: https://o/s, keys: [ \"{name}.pub\", 0123456789abcdef ], over: sums }"),
              (SignatureSpec{"https://o/s", {"a.pub", "0123456789ABCDEF"}, SignatureOver::sums}));
    EXPECT_EQ(signature_of("{ url: https://o/s, over: artifact }"),
              (SignatureSpec{"https://o/s", {}, SignatureOver::artifact}));
}

TEST(GoodManifest, DigestsAreTakenAsPeopleCopyThem) {
    const auto read_one = [](const std::string& line) {
        return read("components:\n  a:\n    url: https://o/a\n    path: /opt/a\n    " + line + "\n")
            .at(0);
    };
    const std::string small(64, 'a');
    const std::string large(128, 'b');
    for (const std::string& text :
         {small, std::string(64, 'A'), "sha256:" + small, "SHA256:" + std::string(64, 'A')})
        EXPECT_EQ(read_one("sha256: \"" + text + "\"").sha256, small) << text;
    for (const std::string& text : {large, std::string(128, 'B'), "sha512:" + large})
        EXPECT_EQ(read_one("sha512: \"" + text + "\"").sha512, large) << text;
}

TEST(GoodManifest, AChecksumsFileHasTwoNamesOfItsKeyAndMayNameTheFile) {
    const auto component = [](const std::string& lines) {
        return read(
                   "components:\n  a:\n    version: 1.2\n    url: https://o/a\n    path: /opt/a\n" +
                   lines)
            .at(0);
    };
    EXPECT_EQ(component("    checksums: https://o/S\n").checksums, "https://o/S");
    EXPECT_EQ(component("    sha256sums: https://o/S\n").checksums, "https://o/S");
    EXPECT_EQ(component("    checksums: https://o/S\n    checksums_name: a_{version}.bin\n")
                  .checksums_name,
              "a_1.2.bin");
}

TEST(GoodManifest, CapabilitiesAreOneTextHoweverTheyAreWritten) {
    const auto components = read(R"(
vars: { right: cap_kill }
components:
  short: { url: "https://o/s", path: /opt/s, capabilities: CAP_KILL+pe }
  long:
    url: https://o/l
    files:
      - { path: /opt/l, from: l, capabilities: "cap_net_raw=ep {right}=ep" }
      - { path: /opt/m, from: m }
)");
    ASSERT_EQ(components.size(), 2U);
    EXPECT_EQ(components[0].files.at(0).capabilities, "cap_kill=ep");
    EXPECT_EQ(components[1].files.at(0).capabilities, "cap_kill,cap_net_raw=ep");
    EXPECT_EQ(components[1].files.at(1).capabilities, "");
}

TEST(GoodManifest, MayBeEmpty) {
    EXPECT_TRUE(read("").empty());
    EXPECT_TRUE(read("# nothing yet\n").empty());
    EXPECT_TRUE(read("components:\n").empty());
    EXPECT_TRUE(read("components: {}\n").empty());
}

TEST(GoodManifest, InItsShortestForm) {
    const auto components = read("components:\n  a:\n    url: https://o/a\n    path: /opt/a\n");
    ASSERT_EQ(components.size(), 1U);
    Component expected;
    expected.name = "a";
    expected.place = {"m.yaml", 2, 3};
    expected.url = "https://o/a";
    expected.files = {{"", "/opt/a", 0755, "root", "root"}};
    EXPECT_EQ(components[0], expected);
}

TEST(GoodManifest, WithEveryKey) {
    const auto components = read(R"(
vars:
  channel: stable
  digest: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
components:
  node-exporter:
    version: 1.10
    url: https://example.org/{channel}/v{version}/x-{version}.linux-{arch:go}.tar.gz
    mirrors: [ "https://mirror.example.org/{name}" ]
    sha256: "{digest}"
    signature: "{url}.minisig"
    auth: { basic: { user: me, password: "credential:pw" } }
    update: if-missing
    format: tar
    files:
      - { from: "*/node_exporter", path: /usr/local/bin/node_exporter, mode: "0750", owner: svc, group: "999" }
    check: [ "{staged}", "--version" ]
    version_from: { command: [ "{path}", "--version" ], match: 'version ([^ ]+)' }
    units:
      - name: node-exporter.service
        on_change: reload-or-restart
        on_repair: restart
        file: |
          [Service]
          ExecStart=/usr/local/bin/node_exporter ${ARGS} {not_a_placeholder}
        enable: true
    after: [ other ]
    health: { settle: 5s, timeout: 1min, http: "http://127.0.0.1:9100/", tcp: "127.0.0.1:9100", command: [ "/bin/true" ] }
    rollback: off
    version_order: semver
    allow_downgrade: true
    replace_packaged: true
    windows: [ "Mon..Fri 02:00-04:00" ]
    state: held
)");
    ASSERT_EQ(components.size(), 1U);
    Component expected;
    expected.name = "node-exporter";
    expected.place = {"m.yaml", 6, 3};
    expected.version = "1.10";
    expected.url = "https://example.org/stable/v1.10/x-1.10.linux-amd64.tar.gz";
    expected.mirrors = {"https://mirror.example.org/node-exporter"};
    expected.sha256 = std::string(64, 'a');
    expected.signature.url = expected.url + ".minisig";
    expected.auth = AuthSpec{"", "me", "credential:pw", false, {}};
    expected.update = Update::if_missing;
    expected.format = Format::tar;
    expected.files = {{"*/node_exporter", "/usr/local/bin/node_exporter", 0750, "svc", "999"}};
    expected.check = {"{staged}", "--version"};
    expected.version_from = VersionCommand{{"{path}", "--version"}, "version ([^ ]+)"};
    UnitSpec unit;
    unit.name = "node-exporter.service";
    unit.on_change = OnChange::reload_or_restart;
    unit.on_repair = OnRepair::restart;
    unit.file = "[Service]\nExecStart=/usr/local/bin/node_exporter ${ARGS} {not_a_placeholder}\n";
    unit.enable = true;
    expected.units = {unit};
    expected.after = {"other"};
    expected.health = {std::chrono::seconds(5),
                       std::chrono::minutes(1),
                       "http://127.0.0.1:9100/",
                       "127.0.0.1:9100",
                       {"/bin/true"}};
    expected.rollback = Rollback::off;
    expected.version_order = VersionOrder::semver;
    expected.allow_downgrade = true;
    expected.replace_packaged = true;
    Window window;
    window.text = "Mon..Fri 02:00-04:00";
    window.weekdays = 0b0011111;
    window.begin = std::chrono::hours(2);
    window.end = std::chrono::hours(4);
    window.line = 33;
    window.column = 16;
    expected.windows = {window};
    expected.state = WantedState::held;
    EXPECT_EQ(components[0], expected);
}

std::string url_with(const std::string& version, const std::string& url,
                     const std::string& vars = "") {
    const auto components = read(vars + "components:\n  a:\n    version: \"" + version +
                                 "\"\n    url: \"" + url + "\"\n    path: /opt/a\n");
    return components.empty() ? "" : components[0].url;
}

TEST(Placeholders, ArePercentEncodedInUrls) {
    EXPECT_EQ(url_with("1.0+deb~1", "https://o/{version}"), "https://o/1.0%2Bdeb~1");
    EXPECT_EQ(url_with("a/../b?c", "https://o/{version}"), "https://o/a%2F..%2Fb%3Fc");
}

TEST(Placeholders, OfTheAuthorMayStructureAUrl) {
    EXPECT_EQ(url_with("1", "{base}/x-{version}", "vars: {base: \"https://o:8443/pool\"}\n"),
              "https://o:8443/pool/x-1");
}

TEST(Placeholders, NameTheMachineAsEachWorldDoes) {
    EXPECT_EQ(
        url_with("1", "https://o/{arch}/{arch:uname}/{arch:go}/{arch:deb}/{arch:rpm}/{os}/{name}"),
        "https://o/x86_64/x86_64/amd64/amd64/x86_64/linux/a");
}

TEST(Placeholders, BracesThatNameNothingStandForThemselves) {
    EXPECT_EQ(url_with("1", "https://o/%7Bx"), "https://o/%7Bx");
}

TEST(GoodManifest, WarnsOfHttpThatNothingVerifies) {
    const auto warnings = [](const std::string& more) {
        return parse_manifest(
                   {"m.yaml", "components:\n  a:\n    url: http://o/a\n    path: /opt/a\n" + more},
                   facts)
            .warnings.size();
    };
    EXPECT_EQ(warnings(""), 1U);
    EXPECT_EQ(warnings("    sha256: " + std::string(64, 'a') + "\n"), 0U);
    EXPECT_EQ(warnings("    signature: https://o/s\n"), 0U);
}

TEST(GoodManifest, WarnsOfHttpMirrorsThatNothingVerifies) {
    const auto warnings = [](const std::string& more) {
        return parse_manifest(
                   {"m.yaml", "components:\n  a:\n    url: https://o/a\n    path: /opt/a\n"
                              "    mirrors: [ https://m/a, \"http://n:p@n/a\" ]\n" +
                                  more},
                   facts)
            .warnings;
    };
    ASSERT_EQ(warnings("").size(), 1U);
    EXPECT_EQ(warnings("").front().place.line, 5U);
    EXPECT_EQ(warnings("").front().message, "component 'a': the mirror 'http://n/a' without sha256 "
                                            "or signature: anyone on the network "
                                            "path can replace the download");
    EXPECT_EQ(warnings("    sha256: " + std::string(64, 'a') + "\n").size(), 0U);
    EXPECT_EQ(warnings("    sha256sums: https://o/SHA256SUMS\n").size(), 0U);
    EXPECT_EQ(warnings("    sha256sums: http://o/SHA256SUMS\n").size(), 1U);
}

TEST(GoodManifest, ProbesNamesAndAddressesOfBothKinds) {
    for (const std::string address : {"localhost:80", "127.0.0.1:8080", "[::1]:443",
                                      "[fe80::1%eth0]:443", "db_1.example.org:1"}) {
        const auto components =
            read("components:\n  a: {url: 'https://o/a', path: /opt/a, health: {tcp: '" + address +
                 "'}}\n");
        ASSERT_EQ(components.size(), 1U) << address;
        EXPECT_EQ(components[0].health.tcp, address);
    }
}

/// As programs write it: all in one pair of braces.
TEST(GoodManifest, MayBeJsonOfTenThousandComponents) {
    const std::string digest(64, 'a');
    for (const char* gap : {"", "\n        "}) {
        std::string text = "{\"components\":{";
        for (int i = 0; i < 10'000; ++i)
            text += fmt::format("{0}{1}\"c{2}\": {{{1}\"url\": \"https://o/c{2}\",{1}\"sha256\": "
                                "\"{3}\",{1}\"path\": \"/opt/c{2}\"{1}}}",
                                i == 0 ? "" : ",", gap, i, digest);
        EXPECT_EQ(read(text + "}}").size(), 10'000U);
    }
}

TEST(GoodManifest, ForRemovalNeedsNoUrl) {
    const auto components = read("components:\n  a: {state: absent}\n");
    ASSERT_EQ(components.size(), 1U);
    EXPECT_EQ(components[0].state, WantedState::absent);
}

} // namespace
} // namespace provisor
