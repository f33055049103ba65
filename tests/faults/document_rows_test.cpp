// SPDX-License-Identifier: Apache-2.0
// Rows 56 to 58: checksums files and signatures.
#include "base/sha256.hpp"
#include "faults/row.hpp"

#include <algorithm>
#include <cctype>
#include <gmock/gmock.h>
#include <stdexcept>

namespace provisor::test {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t all = 200'000;

std::string digest(int version) { return sha256_of(program(version)); }

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

void serve_sums(Scene& scene, const std::string& text, const std::string& behavior = "") {
    scene.app_lines = "    sha256sums: " + scene.origin.url("/SHA256SUMS") + "\n";
    scene.origin.serve("/SHA256SUMS", page(text, "\"" + sha256_of(text) + "\"", behavior));
}

std::function<void(Scene&)> sums(const std::string& text, const std::string& behavior = "") {
    return [=](Scene& scene) { serve_sums(scene, text, behavior); };
}

void right_sums(Scene& scene) { serve_sums(scene, digest(2) + "  app\n"); }

Row good(const char* name, const std::string& text) {
    return {.name = name,
            .arrange = sums(text),
            .mend = right_sums,
            .decision = "update",
            .bytes = all};
}

/// The artifact is not even asked for.
Row bad(const char* name, const std::string& text, std::vector<std::string> says,
        bool golden = false) {
    return {.name = name,
            .arrange = sums(text),
            .mend = right_sums,
            .kind = "digest",
            .says = std::move(says),
            .requests = 0,
            .golden = golden};
}

const std::string other_line = std::string(64, '0') + "  other\n";

const std::vector<Row> checksums{
    good("Row56Gnu", other_line + digest(2) + "  app\n"),
    good("Row56Star", digest(2) + " *app\n"),
    good("Row56Crlf", other_line + digest(2) + "  app\r\n"),
    good("Row56UpperCase", upper(digest(2)) + "  app\n"),
    good("Row56Bsd", "SHA256 (app) = " + digest(2) + "\n"),
    good("Row56TheSameTwice", digest(2) + "  app\n" + digest(2) + "  app\n"),
    bad("Row56NoLineForIt", other_line, {"/SHA256SUMS' has no line for 'app', only for "}, true),
    bad("Row56WebPage", "<!DOCTYPE html><html><title>Not here</title></html>",
        {"/SHA256SUMS' is an HTML page, not a checksums file"}, true),
    bad("Row56Nothing", "", {"/SHA256SUMS' is empty"}),
    {.name = "Row56Missing",
     .arrange = sums("", "status=404"),
     .mend = right_sums,
     .kind = "http",
     .says = {"HTTP 404", "/SHA256SUMS'"},
     .requests = 0,
     .golden = true},
    {.name = "Row56CutOff",
     .arrange = sums(digest(2) + "  app\n", "cut=40"),
     .mend = right_sums,
     .kind = "http",
     .says = {"/SHA256SUMS' ended after 40 of 70 bytes"},
     .requests = 0},
    bad("Row57TwoLinesThatDisagree", digest(1) + "  app\n" + digest(2) + "  app\n",
        {"two digests for 'app', in lines 1 and 2"}, true),
    bad("Row57CutDigest", other_line + digest(2).substr(0, 60) + "  app\n",
        {"line 2", "SHA-256 has 64 hex digits"}, true),
    bad("Row57NameThatClimbs", digest(2) + "  ../app\n", {"has no line for 'app'"}),
};

PROVISOR_FAULT_ROWS(Checksums, checksums);

TEST(Checksums, Row57OtherContentThanTheSumsSayIsRefused) {
    Scene scene;
    scene.install(1);
    serve_sums(scene, digest(3) + "  app\n");
    scene.publish(2);
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    const Told& told = run.told.at("app");
    EXPECT_EQ(told.kind, "digest");
    EXPECT_THAT(told.message, HasSubstr("content with sha256 " + digest(2)));
    EXPECT_THAT(told.message, HasSubstr("/SHA256SUMS' says " + digest(3)));
    const State now = state_of(scene);
    EXPECT_TRUE(now.content == before.content);
    EXPECT_EQ(now.marker, before.marker);
    expect_clean(scene.machine);
    expect_beside_unharmed(scene, run, 2);
    expect_golden("Row57OtherContent", scene.machine);
    right_sums(scene);
    EXPECT_EQ(scene.machine.apply().status, 0);
    expect_like_clean_install(scene);
}

// --- signatures

void shell(const std::string& command) {
    if (std::system(("( " + command + " ) >/dev/null 2>&1").c_str()) != 0)
        throw std::runtime_error("failed: " + command);
}

/// minisign(1) with two keys, of which the first one is trusted.
class Signer {
public:
    static const Signer& shared() {
        static const Signer signer;
        return signer;
    }
    static bool installed() { return std::system("command -v minisign >/dev/null") == 0; }

    Signer() {
        for (const char* key : {"one", "two"})
            shell("cd '" + folder_.path().string() + "' && minisign -G -W -p " + key + ".pub -s " +
                  key + ".key");
    }
    std::string public_key(const std::string& key = "one") const {
        return read_text(folder_ / (key + ".pub"));
    }
    std::string sign(const std::string& text, const std::string& key,
                     const std::string& trusted_comment = "release 2") const {
        write_text(folder_ / "text", text);
        shell("cd '" + folder_.path().string() + "' && minisign -S -s " + key +
              ".key -m text -x signature -t '" + trusted_comment + "'");
        return read_text(folder_ / "signature");
    }

private:
    TemporaryFolder folder_;
};

const std::string signed_text = digest(2) + "  app\n";

/// Signed sums, with this signature; "" is one that is not there.
void serve_signature(Scene& scene, const std::string& signature,
                     const std::string& sums = signed_text) {
    serve_sums(scene, sums);
    const std::string path = "/SHA256SUMS.minisig";
    scene.app_lines += "    signature: " + scene.origin.url(path) + "\n";
    scene.origin.serve(path, page(signature, "\"" + sha256_of(signature) + "\"",
                                  signature.empty() ? "status=404" : ""));
    write_text(scene.machine.under("etc/provisor/keys.d/one.pub"), Signer::shared().public_key());
}

void right_signature(Scene& scene) {
    serve_signature(scene, Signer::shared().sign(signed_text, "one"));
}

/// A right one that `damage` was done to.
Row forged(const char* name, std::function<std::string(std::string)> damage,
           std::vector<std::string> says, bool golden = false) {
    return {.name = name,
            .arrange =
                [damage = std::move(damage)](Scene& scene) {
                    serve_signature(scene, damage(Signer::shared().sign(signed_text, "one")));
                },
            .mend = right_signature,
            .kind = "signature",
            .says = std::move(says),
            .requests = 0,
            .golden = golden};
}

/// A good signature of another release's sums.
void sums_of_another_release(Scene& scene) {
    const std::string sums = digest(2) + "  v1/app\n";
    serve_signature(scene, Signer::shared().sign(sums, "one"), sums);
}

/// A good signature by a key that is trusted, and not for this component.
void key_of_another_component(Scene& scene) {
    serve_signature(scene, Signer::shared().sign(signed_text, "two"));
    write_text(scene.machine.under("etc/provisor/keys.d/two.pub"),
               Signer::shared().public_key("two"));
    const std::string url = scene.origin.url("/SHA256SUMS.minisig");
    std::string& lines = scene.app_lines;
    lines.replace(lines.find(url), url.size(), "{ url: \"" + url + "\", keys: [ one.pub ] }");
}

std::vector<Row> signatures() {
    if (!Signer::installed())
        return {};
    return {
        {.name = "Row58KeyOfAnotherComponent",
         .arrange = key_of_another_component,
         .mend = right_signature,
         .kind = "signature",
         .says = {"(two.pub), which may not sign 'app'"},
         .requests = 0,
         .golden = true},
        {.name = "Row58SumsOfAnotherRelease",
         .arrange = sums_of_another_release,
         .mend = right_signature,
         .kind = "digest",
         .says = {"/SHA256SUMS' is signed", "only for 'v1/app', which the URL does not end with"},
         .requests = 0,
         .golden = true},
        forged(
            "Row58OfAnotherFile",
            [](const std::string&) {
                return Signer::shared().sign(signed_text, "one",
                                             "timestamp:1700000000\tfile:tool-SHA256SUMS\thashed");
            },
            {".minisig", "is a signature of 'tool-SHA256SUMS' by its trusted comment"}, true),
        {.name = "Row58Right",
         .arrange = right_signature,
         .mend = right_signature,
         .decision = "update",
         .bytes = all},
        {.name = "Row58Missing",
         .arrange = [](Scene& scene) { serve_signature(scene, ""); },
         .mend = right_signature,
         .kind = "http",
         .says = {"HTTP 404", ".minisig"},
         .requests = 0,
         .golden = true},
        forged(
            "Row58AnotherKey",
            [](const std::string&) { return Signer::shared().sign(signed_text, "two"); },
            {".minisig", "key"}, true),
        forged(
            "Row58OfOtherContent",
            [](const std::string&) { return Signer::shared().sign("other", "one"); },
            {".minisig", "/SHA256SUMS"}, true),
        forged(
            "Row58Cut", [](std::string text) { return text.substr(0, text.size() / 2); },
            {".minisig"}, true),
        forged("Row58TrailingData", [](std::string text) { return text + "more\n"; }, {".minisig"}),
        forged(
            "Row58CommentAltered",
            [](std::string text) { return text.replace(text.find("release 2"), 9, "release 3"); },
            {".minisig", "comment"}, true),
    };
}

PROVISOR_FAULT_ROWS(Signatures, signatures());
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SignaturesOverVersionOne);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SignaturesOverNothing);

TEST(Signatures, RowT10AKeyThatIsTakenAwayIsMissedByTheNextPassAndVerifyNamesWhatItSigned) {
    if (!Signer::installed())
        GTEST_SKIP() << "minisign is not installed: row T10 is not tested";
    Scene scene;
    right_signature(scene);
    scene.install(2);
    const std::string key = Signer::shared().public_key();
    // minisign writes it into the comment without its leading zeros.
    const std::size_t begin = key.find("public key ") + 11;
    std::string id = key.substr(begin, key.find('\n') - begin);
    id.insert(0, 16 - id.size(), '0');
    EXPECT_THAT(scene.machine.marker("app"), HasSubstr("\"signed_by\": \"" + id + "\""));
    EXPECT_THAT(scene.machine.run({"show", "app"}).out,
                HasSubstr("signed by: key " + id + " (one.pub)\n"));
    EXPECT_EQ(scene.machine.run({"verify"}).status, 0);
    EXPECT_EQ(scene.machine.run({"status", "--exit-code"}).status, 0);

    std::filesystem::remove(scene.machine.under("etc/provisor/keys.d/one.pub"));
    const State before = state_of(scene);
    const RunResult verify = scene.machine.run({"verify"});
    EXPECT_EQ(verify.status, 1);
    EXPECT_THAT(verify.out,
                HasSubstr("was signed by key " + id + ", which is not trusted any more"));
    const RunResult status = scene.machine.run({"status", "--exit-code"});
    EXPECT_EQ(status.status, 1);
    EXPECT_THAT(status.out, HasSubstr("error"));
    EXPECT_THAT(status.out, HasSubstr("was signed by key " + id));
    EXPECT_EQ(scene.machine.run({"status"}).status, 0);
    const RunResult doctor = scene.machine.run({"doctor"});
    EXPECT_EQ(doctor.status, 1);
    EXPECT_THAT(doctor.out, HasSubstr("was signed by key " + id));
    EXPECT_THAT(doctor.out, HasSubstr("`provisor apply app`"));
    EXPECT_THAT(scene.machine.run({"show", "app"}).out,
                HasSubstr("signed by: key " + id + ", which is not trusted any more\n"));
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.told.at("app").kind, "signature") << run.told.at("app").reason;
    EXPECT_THAT(run.told.at("app").message, HasSubstr("key " + id + ", which is not trusted here"));
    EXPECT_EQ(scene.sent(), program(2).size()) << "the artifact was fetched again";
    expect_untouched(scene, before);
    std::filesystem::remove(scene.machine.under("opt/app"));
    scene.machine.run({"verify", "--repair"});
    EXPECT_FALSE(std::filesystem::exists(scene.machine.under("opt/app"))) << "it was put back";
    EXPECT_THAT(scene.machine.apply().told.at("app").message,
                HasSubstr("/opt/app was deleted, and is not put back: 2 ("));
}

/// A release that tells its version, signed, at a URL that is the same for all of them.
void serve_release(Scene& scene, const std::string& version) {
    const std::string text = "#!/bin/sh\necho version " + version + "\n";
    scene.origin.serve("/release", page(text, "\"" + version + "\""));
    scene.origin.serve("/release.minisig",
                       page(Signer::shared().sign(text, "one"), "\"s" + version + "\""));
}

std::string release_manifest(Scene& scene, const std::string& more = "") {
    return "components:\n  release:\n    url: " + scene.origin.url("/release") +
           "\n    signature: \"{url}.minisig\"\n    path: /opt/release\n    mode: \"0755\"\n"
           "    version_from: { command: [\"{path}\"], match: \"version (.+)\" }\n" +
           more;
}

std::string release_in_place(const Scene& scene) {
    return read_text(scene.machine.under("opt/release")).substr(23);
}

TEST(Signatures, RowT2AnOldSignedVersionIsHeldAsLongAsThereIsAState) {
    if (!Signer::installed())
        GTEST_SKIP() << "minisign is not installed: row T2 is not tested";
    Scene scene;
    write_text(scene.machine.under("etc/provisor/keys.d/one.pub"), Signer::shared().public_key());
    scene.machine.write_manifest(release_manifest(scene));
    serve_release(scene, "2.0.0");
    ASSERT_EQ(scene.machine.apply().told.at("release").decision, "install");
    serve_release(scene, "1.0.0");
    const auto expect_held = [&] {
        const Told told = scene.machine.apply().told.at("release");
        EXPECT_EQ(told.decision, "hold");
        EXPECT_THAT(told.reason,
                    HasSubstr("downgrade: 2.0.0 was installed, and the origin has 1.0.0"));
        EXPECT_EQ(release_in_place(scene), "2.0.0\n");
    };
    expect_held();
    std::filesystem::remove_all(scene.machine.cache());
    expect_held();
    // Nobody knows any more what there was: see version_order in provisor-manifest(5).
    std::filesystem::remove_all(scene.machine.under("var/lib/provisor"));
    EXPECT_EQ(scene.machine.apply().told.at("release").decision, "install");
    EXPECT_EQ(release_in_place(scene), "1.0.0\n");
}

TEST(Signatures, RowT3AFastForwardIsUndoneByAllowDowngradeAlone) {
    if (!Signer::installed())
        GTEST_SKIP() << "minisign is not installed: row T3 is not tested";
    Scene scene;
    write_text(scene.machine.under("etc/provisor/keys.d/one.pub"), Signer::shared().public_key());
    scene.machine.write_manifest(release_manifest(scene));
    for (const char* version : {"1.0.0", "999999999.0.0"}) {
        serve_release(scene, version);
        ASSERT_EQ(scene.machine.apply().status, 0);
        EXPECT_EQ(release_in_place(scene), std::string(version) + "\n");
    }
    serve_release(scene, "1.1.0");
    EXPECT_EQ(scene.machine.apply().told.at("release").decision, "hold");
    scene.machine.run({"apply", "--force"});
    EXPECT_EQ(release_in_place(scene), "999999999.0.0\n");
    scene.machine.write_manifest(release_manifest(scene, "    allow_downgrade: true\n"));
    EXPECT_EQ(scene.machine.apply().told.at("release").decision, "update");
    EXPECT_EQ(release_in_place(scene), "1.1.0\n");
    // From then on it is the true version that counts.
    scene.machine.write_manifest(release_manifest(scene));
    serve_release(scene, "1.0.9");
    EXPECT_EQ(scene.machine.apply().told.at("release").decision, "hold");
    serve_release(scene, "1.2.0");
    EXPECT_EQ(scene.machine.apply().told.at("release").decision, "update");
}

TEST(Signatures, RowT2AnOlderSignatureThanTheOneBeforeIsRefused) {
    if (!Signer::installed())
        GTEST_SKIP() << "minisign is not installed: row T2 is not tested";
    Scene scene;
    const auto serve = [&](const std::string& time) {
        serve_signature(scene,
                        Signer::shared().sign(signed_text, "one",
                                              "timestamp:" + time + "\tfile:SHA256SUMS\thashed"));
        scene.publish(2);
    };
    serve("1800000000");
    ASSERT_EQ(scene.machine.apply().status, 0);
    serve("1700000000");
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.told.at("app").kind, "signature");
    EXPECT_THAT(run.told.at("app").message, HasSubstr("2023-11-14T22:13:20Z"));
    expect_untouched(scene, before);
}

TEST(Signatures, RowT2ContentThatCallsItselfAnotherVersionThanTheManifestSaysIsRefused) {
    if (!Signer::installed())
        GTEST_SKIP() << "minisign is not installed: row T2 is not tested";
    Scene scene;
    write_text(scene.machine.under("etc/provisor/keys.d/one.pub"), Signer::shared().public_key());
    scene.machine.write_manifest(release_manifest(scene, "    version: 3.0.0\n"));
    serve_release(scene, "1.0.0");
    const Told told = scene.machine.apply().told.at("release");
    EXPECT_EQ(told.kind, "check");
    EXPECT_THAT(told.message,
                HasSubstr("it calls itself version 1.0.0, and the manifest says version 3.0.0"));
    EXPECT_FALSE(std::filesystem::exists(scene.machine.under("opt/release")));
}

TEST(Signatures, AreTested) {
    if (!Signer::installed())
        GTEST_SKIP() << "minisign is not installed: row 58 is not tested";
}

} // namespace
} // namespace provisor::test
