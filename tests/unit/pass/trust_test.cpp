// SPDX-License-Identifier: Apache-2.0
// Passes over components with checksums files, signatures and archives; with the real
// provisor-unpack.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "support/tree_listing.hpp"
#include "trust/minisign.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

constexpr const char* sums_url = "https://origin/SHA256SUMS";
constexpr const char* signature_url = "https://origin/SHA256SUMS.minisig";

std::string data(const std::string& name) {
    return read_text(std::filesystem::path(TRUST_DATA) / name);
}

class TrustTest : public FakeMachine, public testing::Test {
protected:
    TrustTest() { paths.keys_dir = folder / "keys.d"; }

    Component with_sums() const {
        Component component = app();
        component.checksums = sums_url;
        return component;
    }
    /// "app" is the content that the signature of the test data is over.
    Component with_signature() const {
        Component component = app();
        component.signature.url = std::string(app_url) + ".minisig";
        return component;
    }
    void publish_signed() {
        publish(data("content"), "\"1\"");
        publish(data("content.minisig"), "\"s\"", std::string(app_url) + ".minisig");
    }
    void trust(const std::string& key) { write_text(folder / "keys.d" / key, data(key)); }
    bool is_installed() const { return std::filesystem::exists(folder / "bin/app"); }
    long asked_for(const std::string& url) const {
        return std::count_if(origin.asked.begin(), origin.asked.end(),
                             [&](const auto& one) { return one.url == url; });
    }
};

TEST_F(TrustTest, AChecksumsFileSaysWhatIsInstalled) {
    publish(script("one"), "\"1\"");
    publish(sha256_of(script("one")) + "  app\n", "\"s\"", sums_url);
    EXPECT_EQ(to_string(run_one(with_sums()).decision), "install");
    EXPECT_EQ(target(), script("one"));
}

TEST_F(TrustTest, AnUnchangedChecksumsFileCostsOneRequestAndNoneForTheArtifact) {
    publish(script("one"), "\"1\"");
    publish(sha256_of(script("one")) + "  app\n", "\"s\"", sums_url);
    run_one(with_sums());
    origin.asked.clear();
    const auto state = list_tree(paths.state_dir);
    const Outcome outcome = run_one(with_sums());
    EXPECT_EQ(to_string(outcome.decision), "unchanged") << outcome.reason;
    ASSERT_EQ(origin.asked.size(), 1U);
    EXPECT_EQ(origin.asked[0].status, 304);
    EXPECT_EQ(list_tree(paths.state_dir), state) << "something was written";
}

TEST_F(TrustTest, AllOfOneReleaseAskForItsSumsOnce) {
    Component tool = with_sums();
    tool.name = "tool";
    tool.url = "https://origin/tool";
    tool.files[0].path = (folder / "bin/tool").string();
    publish(script("one"), "\"1\"");
    publish(script("tool"), "\"t\"", tool.url);
    publish(sha256_of(script("one")) + "  app\n" + sha256_of(script("tool")) + "  tool\n", "\"s\"",
            sums_url);
    run({with_sums(), tool});
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(read_text(folder / "bin/tool"), script("tool"));
    EXPECT_EQ(asked_for(sums_url), 1);
    // But not with what only one of them may show.
    paths.credential_dirs = {folder / "credentials"};
    write_text(folder / "credentials/token", "canary\n");
    tool.auth.emplace();
    tool.auth->bearer = "credential:token";
    publish(sha256_of(script("one")) + "  app\n" + sha256_of(script("tool")) + "  tool\n\n",
            "\"s2\"", sums_url);
    origin.asked.clear();
    const unsigned bodies = origin.bodies;
    for (const Outcome& outcome : run({with_sums(), tool}).components)
        EXPECT_FALSE(outcome.error);
    ASSERT_EQ(asked_for(sums_url), 2);
    EXPECT_EQ(origin.bodies, bodies + 1) << "the other heard that it is what is known by then";
    origin.asked.clear();
    run({with_sums(), tool});
    for (const auto& one : origin.asked)
        EXPECT_EQ(one.status, 304);
    ASSERT_EQ(asked_for(sums_url), 2);
    std::vector<std::size_t> secrets;
    for (const auto& one : origin.asked)
        if (one.url == sums_url)
            secrets.push_back(one.secrets.size());
    EXPECT_THAT(secrets, testing::UnorderedElementsAre(0, 1));
}

TEST_F(TrustTest, AnArtifactThatIsNotWhatTheSumsSayIsRefused) {
    publish(script("evil"), "\"1\"");
    publish(sha256_of(script("one")) + "  app\n", "\"s\"", sums_url);
    const Outcome outcome = run_one(with_sums());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(to_string(outcome.error->kind()), "digest");
    EXPECT_EQ(outcome.error->url, app_url);
    EXPECT_EQ(outcome.error->http_status, 200);
    EXPECT_THAT(outcome.reason, HasSubstr("'https://origin/SHA256SUMS' says"));
    EXPECT_FALSE(is_installed());
}

TEST_F(TrustTest, APageInPlaceOfTheSumsIsRefusedAndNotKept) {
    publish(script("one"), "\"1\"");
    publish("<!DOCTYPE html><html>log in</html>", "\"s\"", sums_url);
    EXPECT_THAT(run_one(with_sums()).reason, HasSubstr("is an HTML page"));
    EXPECT_FALSE(is_installed());
    EXPECT_EQ(asked_for(app_url), 0) << "the artifact was asked for in vain";
    run_one(with_sums());
    EXPECT_TRUE(origin.asked.back().validator.empty()) << "a page would be confirmed by a 304";
}

TEST_F(TrustTest, AManifestAndSumsThatDisagreeAreRefused) {
    Component component = with_sums();
    component.sha256 = sha256_of("other");
    publish(sha256_of(script("one")) + "  app\n", "\"s\"", sums_url);
    EXPECT_THAT(run_one(component).reason, HasSubstr("the manifest pins " + component.sha256));
    EXPECT_EQ(asked_for(app_url), 0);
}

TEST_F(TrustTest, ASignedArtifactIsInstalledAndTheKeyIsNamed) {
    trust("one.pub");
    publish_signed();
    const Outcome outcome = run_one(with_signature());
    EXPECT_EQ(to_string(outcome.decision), "install") << outcome.reason;
    EXPECT_EQ(outcome.signed_by, "9D70654653C709E4");
    EXPECT_THAT(read_text(paths.state_dir / "components/app/.installed"),
                HasSubstr("\"signed_by\": \"9D70654653C709E4\""));
    const JournalEntry entry = journal.entries().front();
    EXPECT_EQ(field_of(entry, "PROVISOR_KEY_ID"), "9D70654653C709E4");
}

TEST_F(TrustTest, WithoutTheKeyNothingIsInstalled) {
    trust("two.pub");
    publish_signed();
    const Outcome outcome = run_one(with_signature());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(to_string(outcome.error->kind()), "signature");
    EXPECT_THAT(outcome.reason, HasSubstr("made by key 9D70654653C709E4, which is not trusted"));
    EXPECT_FALSE(is_installed());
}

TEST_F(TrustTest, AKeyThatWasTakenAwayIsMissedByTheNextPass) {
    trust("one.pub");
    publish_signed();
    run_one(with_signature());
    EXPECT_EQ(to_string(run_one(with_signature()).decision), "unchanged");
    std::filesystem::remove(folder / "keys.d/one.pub");
    const Outcome outcome = run_one(with_signature());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(to_string(outcome.error->kind()), "signature");
    EXPECT_TRUE(is_installed()) << "what runs is left alone";
}

TEST_F(TrustTest, OtherContentUnderASignatureIsRefused) {
    trust("one.pub");
    publish_signed();
    publish(data("content") + "evil", "\"2\"");
    EXPECT_THAT(run_one(with_signature()).reason, HasSubstr("is not a signature of"));
    EXPECT_FALSE(is_installed());
}

TEST_F(TrustTest, AnUnchangedSignedArtifactIsNotReadAgain) {
    trust("one.pub");
    publish_signed();
    run_one(with_signature());
    const std::string other(data("content").size(), '?');
    write_text(blob(data("content")), other);
    EXPECT_EQ(to_string(run_one(with_signature()).decision), "unchanged");
    EXPECT_EQ(origin.bodies, 2U) << "the artifact and its signature, by the first pass";
    EXPECT_EQ(read_text(blob(data("content"))), other) << "it was read and found to be damaged";
}

TEST_F(TrustTest, ANewSignatureOverADamagedBlobFetchesTheArtifactAgain) {
    trust("one.pub");
    trust("two.pub");
    publish_signed();
    run_one(with_signature());
    write_text(blob(data("content")), std::string(data("content").size(), '?'));
    publish(data("content.two.minisig"), "\"s2\"", std::string(app_url) + ".minisig");
    const Outcome outcome = run_one(with_signature());
    EXPECT_FALSE(outcome.error) << outcome.reason;
    EXPECT_EQ(origin.bodies, 4U);
    EXPECT_EQ(read_text(blob(data("content"))), data("content"));
}

TEST_F(TrustTest, ASignatureThatDoesNotFitIsAskedForWholeTheNextTime) {
    trust("one.pub");
    trust("two.pub");
    const std::string url = std::string(app_url) + ".minisig";
    publish_signed();
    run_one(with_signature());
    // The next artifact is there before its signature, and the tags of both signatures are one.
    publish(data("content") + " ", "\"2\"");
    ASSERT_TRUE(run_one(with_signature()).error);
    publish(data("content.two.minisig"), "\"s\"", url);
    publish(data("content"), "\"3\"");
    origin.asked.clear();
    const Outcome outcome = run_one(with_signature());
    EXPECT_FALSE(outcome.error) << outcome.reason;
    ASSERT_EQ(origin.asked.size(), 2U);
    EXPECT_EQ(origin.asked[0].url, url);
    EXPECT_TRUE(origin.asked[0].validator.empty());
    EXPECT_EQ(outcome.signed_by, parse_public_key(data("two.pub"), "two.pub").id);
}

TEST_F(TrustTest, ATagThatStoodStillWhileTheSumsMovedIsOvercomeInTheSamePass) {
    publish(script("one"), "\"1\"");
    publish(sha256_of(script("one")) + "  app\n", "\"s\"", sums_url);
    run_one(with_sums());
    publish(script("two"), "\"2\"");
    publish(sha256_of(script("two")) + "  app\n", "\"s\"", sums_url);
    Component component = with_sums();
    component.sha256 = sha256_of(script("two"));
    origin.asked.clear();
    EXPECT_EQ(to_string(run_one(component).decision), "update");
    EXPECT_EQ(target(), script("two"));
    ASSERT_EQ(origin.asked.size(), 3U);
    EXPECT_EQ(origin.asked[0].status, 304);
    EXPECT_EQ(origin.asked[1].url, sums_url);
    EXPECT_TRUE(origin.asked[1].validator.empty());
}

TEST_F(TrustTest, SumsThatAreWrongAsAWholeAreAskedForOnce) {
    Component component = with_sums();
    component.sha256 = sha256_of(script("two"));
    publish(script("one"), "\"1\"");
    publish(sha256_of(script("one")) + "  app\n", "\"s\"", sums_url);
    run_one(component);
    EXPECT_EQ(asked_for(sums_url), 1);
}

TEST_F(TrustTest, ASignatureOfTheSumsIsOverTheSums) {
    trust("one.pub");
    Component component = with_sums();
    component.signature.url = signature_url;
    publish(script("one"), "\"1\"");
    // The signed content is no checksums file, which shows that it was verified before it was read.
    publish(data("content"), "\"s\"", sums_url);
    publish(data("content.minisig"), "\"t\"", signature_url);
    EXPECT_THAT(run_one(component).reason, HasSubstr("is not understood"));
    publish(data("content") + " ", "\"s2\"", sums_url);
    EXPECT_THAT(run_one(component).reason,
                HasSubstr("is not a signature of 'https://origin/SHA256SUMS'"));
    EXPECT_EQ(asked_for(app_url), 0);
}

TEST_F(TrustTest, ASignatureBeginsLikeWhatItSigns) {
    trust("one.pub");
    publish(script("one"), "\"1\"");
    // Both URLs begin like the artifact's; the sums are what is signed.
    const std::string own_sums = std::string(app_url) + ".sha256";
    Component component = app();
    component.checksums = own_sums;
    component.signature.url = own_sums + ".minisig";
    publish(data("content") + " ", "\"s\"", own_sums);
    publish(data("content.minisig"), "\"t\"", component.signature.url);
    EXPECT_THAT(run_one(component).reason,
                HasSubstr("is not a signature of 'https://origin/app.sha256'"));
    EXPECT_EQ(asked_for(app_url), 0);

    component.checksums = "https://origin/a";
    component.signature.url = std::string(app_url) + ".minisig";
    publish(sha256_of(script("one")) + "  app\n", "\"s\"", component.checksums);
    publish(data("content.minisig"), "\"t\"", component.signature.url);
    EXPECT_THAT(run_one(component).reason, HasSubstr("is not a signature of 'https://origin/app'"));
}

TEST_F(TrustTest, APolicyRefusesWhatCarriesNothing) {
    config.require = Require::signature;
    publish(script("one"), "\"1\"");
    EXPECT_EQ(to_string(run_one(app()).error->kind()), "config");
    config.require = Require::pin;
    EXPECT_EQ(to_string(run_one(with_sums()).error->kind()), "config");
    EXPECT_TRUE(origin.asked.empty());
}

class ArchiveTest : public TrustTest {
protected:
    /// A tar.gz with bin/app and share/notes.
    std::string release(const std::string& program) {
        const std::filesystem::path tree = folder / "release";
        std::filesystem::remove_all(tree);
        write_text(tree / "v1/bin/app", program);
        write_text(tree / "v1/share/notes", "read me\n");
        const std::string command =
            "tar -C '" + tree.string() + "' -czf '" + (folder / "r.tgz").string() + "' v1";
        EXPECT_EQ(std::system(command.c_str()), 0);
        return read_text(folder / "r.tgz");
    }
    Component packed() const {
        Component component = app();
        component.files[0].from = "*/bin/app";
        FileSpec notes = component.files[0];
        notes.from = "*/share/notes";
        notes.path = (folder / "bin/notes").string();
        notes.mode = 0644;
        component.files.push_back(notes);
        return component;
    }
};

TEST_F(ArchiveTest, TheWantedMembersAreInstalled) {
    publish(release(script("one")), "\"1\"");
    const Outcome outcome = run_one(packed());
    EXPECT_EQ(to_string(outcome.decision), "install") << outcome.reason;
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(read_text(folder / "bin/notes"), "read me\n");
}

TEST_F(ArchiveTest, AnUnchangedOneWritesNothingAndUnpacksNothing) {
    publish(release(script("one")), "\"1\"");
    run_one(packed());
    const auto state = list_tree(paths.state_dir);
    EXPECT_EQ(to_string(run_one(packed()).decision), "unchanged");
    EXPECT_EQ(list_tree(paths.state_dir), state);
}

TEST_F(ArchiveTest, ARepairNeedsNeitherTransferNorArchive) {
    publish(release(script("one")), "\"1\"");
    run_one(packed());
    write_text(folder / "bin/notes", "scribbled over");
    const Outcome outcome = run_one(packed());
    EXPECT_EQ(to_string(outcome.decision), "repair") << outcome.reason;
    EXPECT_EQ(read_text(folder / "bin/notes"), "read me\n");
    EXPECT_EQ(origin.bodies, 1U);
}

TEST_F(ArchiveTest, OneChangedMemberIsAnUpdate) {
    publish(release(script("one")), "\"1\"");
    run_one(packed());
    publish(release(script("two")), "\"2\"");
    EXPECT_EQ(to_string(run_one(packed()).decision), "update");
    EXPECT_EQ(target(), script("two"));
}

TEST_F(ArchiveTest, OtherPatternsAreReadFromTheCachedArchive) {
    publish(release(script("one")), "\"1\"");
    Component one = packed();
    one.files.pop_back();
    run_one(one);
    EXPECT_EQ(to_string(run_one(packed()).decision), "update");
    EXPECT_EQ(read_text(folder / "bin/notes"), "read me\n");
    EXPECT_EQ(origin.bodies, 1U);
}

TEST_F(ArchiveTest, AMemberThatIsNotThereIsNamedAndNothingIsTouched) {
    publish(release(script("one")), "\"1\"");
    Component component = packed();
    component.files[1].from = "*/share/missing";
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(to_string(outcome.error->kind()), "unpack");
    EXPECT_THAT(outcome.reason, HasSubstr("*/share/missing"));
    EXPECT_FALSE(is_installed());
    EXPECT_TRUE(std::filesystem::is_empty(paths.state_dir / "cache/partial"));
}

TEST_F(ArchiveTest, AMemberThatIsNoProgramIsRefused) {
    publish(release("just text\n"), "\"1\"");
    const Outcome outcome = run_one(packed());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(to_string(outcome.error->kind()), "sanity");
    EXPECT_THAT(outcome.reason, HasSubstr("member 'v1/bin/app'"));
    EXPECT_FALSE(is_installed());
}

TEST_F(ArchiveTest, AMemberDoesNotBecomeAProgramByItsMode) {
    publish(release(script("one")), "\"1\"");
    run_one(packed());
    Component component = packed();
    component.files[1].mode = 0755;
    const auto before = list_tree(folder / "bin");
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(to_string(outcome.error->kind()), "sanity");
    EXPECT_THAT(outcome.reason, HasSubstr("bin/notes: data that begins with \"read me"));
    EXPECT_EQ(list_tree(folder / "bin"), before);
    Component other = component;
    other.name = "other"; // which gets the archive anew
    publish(read_text(folder / "r.tgz"), "\"1\"", "https://origin/mirror");
    other.url = "https://origin/mirror";
    other.files[0].path = (folder / "other/app").string();
    other.files[1].path = (folder / "other/notes").string();
    EXPECT_EQ(run_one(other).error->kind(), ErrorKind::sanity);
    EXPECT_FALSE(std::filesystem::exists(folder / "other/notes"));
}

TEST_F(ArchiveTest, ACompressedProgramIsUnpackedByItself) {
    write_text(folder / "app", script("one"));
    ASSERT_EQ(std::system(("gzip '" + (folder / "app").string() + "'").c_str()), 0);
    publish(read_text(folder / "app.gz"), "\"1\"");
    EXPECT_EQ(to_string(run_one(app()).decision), "install");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(to_string(run_one(app()).decision), "unchanged");
}

TEST_F(ArchiveTest, WhatTheManifestCallsRawIsInstalledPacked) {
    const std::string packed_bytes = release(script("one"));
    publish(packed_bytes, "\"1\"");
    Component component = app();
    component.format = Format::raw;
    component.files[0].mode = 0644;
    EXPECT_EQ(to_string(run_one(component).decision), "install");
    EXPECT_EQ(target(), packed_bytes);
    const auto state = list_tree(paths.state_dir);
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
    EXPECT_EQ(list_tree(paths.state_dir), state);
    EXPECT_FALSE(std::filesystem::exists(paths.state_dir / "cache/contents"))
        << "somebody looked into it";
    Component pinned = component;
    pinned.sha256 = sha256_of(packed_bytes);
    std::filesystem::remove(blob(packed_bytes));
    origin.asked.clear();
    EXPECT_EQ(to_string(run_one(pinned).decision), "unchanged");
    EXPECT_TRUE(origin.asked.empty()) << "nothing of it is needed";
    component.format = Format::automatic;
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::unpack) << "it is an archive after all";
    EXPECT_EQ(target(), packed_bytes);
}

TEST_F(ArchiveTest, OneMemberMayBecomeSeveralFiles) {
    publish(release(script("one")), "\"1\"");
    Component component = packed();
    component.files[1].from = "*/bin/app";
    EXPECT_EQ(to_string(run_one(component).decision), "install");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(read_text(folder / "bin/notes"), script("one"));
    EXPECT_EQ(to_string(run_one(component).decision), "unchanged");
}

TEST_F(ArchiveTest, PruningKeepsWhatARepairNeeds) {
    publish(release(script("one")), "\"1\"");
    run_one(packed());
    for (const char* text : {"two", "three", "four", "five", "six", "seven", "eight"}) {
        publish(release(script(text)), std::string("\"") + text + "\"");
        EXPECT_EQ(to_string(run_one(packed()).decision), "update");
    }
    EXPECT_FALSE(std::filesystem::exists(blob(script("one")))) << "the cache has no bound";
    std::filesystem::remove(folder / "bin/app");
    origin.pages.clear();
    publish(release(script("eight")), "\"eight\"");
    EXPECT_EQ(to_string(run_one(packed()).decision), "repair");
    EXPECT_EQ(target(), script("eight"));
}

} // namespace
} // namespace provisor::test
