// SPDX-License-Identifier: Apache-2.0
// Which key may sign which component, and what a signature says beside that it is good.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "support/minisign_signer.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SignaturesTest : public testing::Test, public FakeMachine {
protected:
    SignaturesTest() {
        paths.keys_dir = folder / "keys.d";
        write_text(folder / "keys.d/vendor.pub", key_a.public_key());
        write_text(folder / "keys.d/other.pub", key_b.public_key());
    }
    Component wanted(std::vector<std::string> keys = {}) const {
        Component component = app();
        component.signature = {signature_url, std::move(keys), SignatureOver::automatic};
        return component;
    }
    Component with_sums(std::vector<std::string> keys = {}) const {
        Component component = app();
        component.checksums = sums_url;
        component.signature = {std::string(sums_url) + ".minisig", std::move(keys),
                               SignatureOver::automatic};
        return component;
    }
    void release(const std::string& content, const MinisignSigner& key,
                 const std::string& comment = "for a test") {
        publish(script(content), "\"" + content + "\"");
        publish(key.sign(script(content), comment), "\"" + sha256_of(content + comment) + "\"",
                signature_url);
    }
    void release_sums(const std::string& sums, const std::string& comment = "for a test") {
        publish(sums, "\"" + sha256_of(sums) + "\"", sums_url);
        publish(key_a.sign(sums, comment), "\"" + sha256_of(sums + comment) + "\"",
                std::string(sums_url) + ".minisig");
    }
    static std::string signed_at(const std::string& time, const std::string& file = "app") {
        return "timestamp:" + time + "\tfile:" + file + "\thashed";
    }
    std::string refusal(const Component& component) {
        const Outcome outcome = run_one(component);
        if (!outcome.error)
            return "it was taken";
        EXPECT_EQ(outcome.error->kind(), ErrorKind::signature) << outcome.reason;
        return outcome.reason;
    }
    long asked_for(const std::string& url) const {
        return std::count_if(origin.asked.begin(), origin.asked.end(),
                             [&](const auto& one) { return one.url == url; });
    }
    bool is_installed() const { return fs::exists(folder / "bin/app"); }
    ComponentStore store() const { return ComponentStore(paths.state_dir); }

    static constexpr const char* signature_url = "https://origin/app.minisig";
    static constexpr const char* sums_url = "https://origin/SHA256SUMS";
    MinisignSigner key_a{'A'};
    MinisignSigner key_b{'B'};
};

TEST_F(SignaturesTest, AKeyThatIsNotNamedMayNotSign) {
    release("one", key_b);
    EXPECT_THAT(refusal(wanted({"vendor.pub"})),
                HasSubstr("'https://origin/app.minisig' is signed by BBBBBBBBBBBBBBBB (other.pub), "
                          "which may not sign 'app'"));
    EXPECT_FALSE(is_installed());
    release("one", key_a);
    EXPECT_EQ(to_string(run_one(wanted({"vendor.pub"})).decision), "install");
    EXPECT_EQ(store().installed("app")->signed_by, key_a.id());
}

TEST_F(SignaturesTest, AKeyMayBeNamedByItsId) {
    release("one", key_b);
    EXPECT_THAT(refusal(wanted({key_a.id()})), HasSubstr("may not sign 'app'"));
    EXPECT_EQ(to_string(run_one(wanted({key_a.id(), key_b.id()})).decision), "install");
}

TEST_F(SignaturesTest, AKeyThatIsNotNamedMayNotSignSumsEither) {
    publish(script("one"), "\"1\"");
    release_sums(sha256_of(script("one")) + "  app\n");
    EXPECT_THAT(refusal(with_sums({"other.pub"})),
                HasSubstr("is signed by AAAAAAAAAAAAAAAA (vendor.pub), which may not sign 'app'"));
    EXPECT_EQ(asked_for(app_url), 0);
    EXPECT_EQ(to_string(run_one(with_sums({"vendor.pub"})).decision), "install");
}

TEST_F(SignaturesTest, OtherKeysInTheManifestCountAtOnce) {
    release("one", key_a);
    EXPECT_EQ(to_string(run_one(wanted()).decision), "install");
    EXPECT_EQ(to_string(run_one(wanted()).decision), "unchanged");
    EXPECT_THAT(refusal(wanted({"other.pub"})), HasSubstr("may not sign 'app'"));
    // And what it had signed is not repaired any more.
    fs::remove(folder / "bin/app");
    const Outcome outcome = run_one(wanted({"other.pub"}));
    EXPECT_THAT(outcome.reason, HasSubstr("bin/app was deleted, and is not put back"));
    EXPECT_THAT(outcome.untrusted, HasSubstr("was signed by key AAAAAAAAAAAAAAAA (vendor.pub), "
                                             "which may not sign 'app'"));
    EXPECT_FALSE(is_installed());
    EXPECT_EQ(to_string(run_one(wanted({"vendor.pub"})).decision), "repair");
}

TEST_F(SignaturesTest, ANamedKeyThatIsNotThereIsAnErrorBeforeAnybodyIsAsked) {
    release("one", key_a);
    Component component = wanted({"vendor.pub", "gone.pub"});
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::config);
    EXPECT_EQ(outcome.reason, "signature.keys names 'gone.pub', and keys.d has no such key that "
                              "can be used; put it there, or take it out of the manifest");
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_FALSE(is_installed());
    // What is installed, and trusted, is looked after all the same.
    component.signature.keys = {"vendor.pub"};
    run_one(component);
    component.signature.keys = {"vendor.pub", "gone.pub"};
    fs::remove(folder / "bin/app");
    EXPECT_EQ(to_string(run_one(component).decision), "repair");
    EXPECT_TRUE(is_installed());
}

TEST_F(SignaturesTest, WhatItIsOverMayBeSaid) {
    publish(script("one"), "\"1\"");
    publish(sha256_of(script("one")) + "  app\n", "\"s\"", sums_url);
    publish(key_a.sign(script("one"), "x"), "\"t\"", std::string(sums_url) + ".minisig");
    Component component = with_sums({"vendor.pub"});
    EXPECT_THAT(refusal(component), HasSubstr("is not a signature of 'https://origin/SHA256SUMS'"));
    component.signature.over = SignatureOver::artifact;
    EXPECT_EQ(to_string(run_one(component).decision), "install");
}

TEST_F(SignaturesTest, ASignatureOfAnotherFileIsRefused) {
    release("one", key_a, signed_at("1700000000", "tool"));
    EXPECT_THAT(refusal(wanted()),
                HasSubstr("'https://origin/app.minisig' is a signature of 'tool' by its trusted "
                          "comment, and not of 'app'"));
    EXPECT_FALSE(is_installed());
    release("one", key_a, signed_at("1700000000"));
    EXPECT_EQ(to_string(run_one(wanted()).decision), "install");
    EXPECT_EQ(store().installed("app")->signed_at, 1700000000);
}

TEST_F(SignaturesTest, ASignatureOfOtherSumsIsRefused) {
    publish(script("one"), "\"1\"");
    const std::string sums = sha256_of(script("one")) + "  app\n";
    release_sums(sums, signed_at("1700000000", "SHA256SUMS-of-tool"));
    EXPECT_THAT(refusal(with_sums()),
                HasSubstr("is a signature of 'SHA256SUMS-of-tool' by its trusted comment, and not "
                          "of 'SHA256SUMS'"));
    EXPECT_EQ(asked_for(app_url), 0);
    release_sums(sums, signed_at("1700000000", "SHA256SUMS"));
    EXPECT_EQ(to_string(run_one(with_sums()).decision), "install");
}

TEST_F(SignaturesTest, ATrustedCommentOfAnotherFormSaysNothing) {
    release("one", key_a, "release of the day, file:tool");
    EXPECT_EQ(to_string(run_one(wanted()).decision), "install");
}

TEST_F(SignaturesTest, AnOlderSignatureThanTheLastOneIsRefused) {
    release("one", key_a, signed_at("1700000000"));
    EXPECT_FALSE(run_one(wanted()).error);
    release("two", key_a, signed_at("1800000000"));
    EXPECT_EQ(to_string(run_one(wanted()).decision), "update");
    const auto before = list_tree(folder / "bin");
    release("one", key_a, signed_at("1700000000"));
    EXPECT_THAT(refusal(wanted()),
                HasSubstr("was made at 2023-11-14T22:13:20Z by its trusted comment, and one of "
                          "2027-01-15T08:00:00Z was accepted before"));
    EXPECT_EQ(list_tree(folder / "bin"), before);
    Component allowed = wanted();
    allowed.allow_downgrade = true;
    EXPECT_EQ(to_string(run_one(allowed).decision), "update");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(store().record("app").latest_signature, 1700000000);
}

TEST_F(SignaturesTest, AnOlderSignatureOfSumsIsRefused) {
    publish(script("two"), "\"2\"");
    release_sums(sha256_of(script("two")) + "  app\n", signed_at("1800000000", "SHA256SUMS"));
    EXPECT_FALSE(run_one(with_sums()).error);
    origin.asked.clear();
    publish(script("one"), "\"1\"");
    release_sums(sha256_of(script("one")) + "  app\n", signed_at("1700000000", "SHA256SUMS"));
    EXPECT_THAT(refusal(with_sums()), HasSubstr("was accepted before"));
    EXPECT_EQ(asked_for(app_url), 0);
    EXPECT_EQ(target(), script("two"));
}

TEST_F(SignaturesTest, TheSameBytesSignedLaterMoveTheTimeOn) {
    release("one", key_a, signed_at("1700000000"));
    EXPECT_FALSE(run_one(wanted()).error);
    release("one", key_a, signed_at("1800000000"));
    EXPECT_EQ(to_string(run_one(wanted()).decision), "unchanged");
    EXPECT_EQ(store().record("app").latest_signature, 1800000000);
    const auto state = list_tree(paths.state_dir);
    EXPECT_EQ(to_string(run_one(wanted()).decision), "unchanged");
    EXPECT_EQ(list_tree(paths.state_dir), state) << "written once";
    release("one", key_a, signed_at("1700000000"));
    EXPECT_THAT(refusal(wanted()), HasSubstr("was accepted before"));
}

TEST_F(SignaturesTest, AnOperatorGoesBackBehindIt) {
    release("one", key_a, signed_at("1700000000"));
    EXPECT_FALSE(run_one(wanted()).error);
    release("two", key_a, signed_at("1800000000"));
    EXPECT_FALSE(run_one(wanted()).error);
    PassOptions options;
    options.names = {"app"};
    options.rollback_to = "";
    EXPECT_EQ(to_string(run_one(wanted(), options).decision), "rollback");
    EXPECT_EQ(target(), script("one"));
    release("one", key_a, signed_at("1700000000"));
    EXPECT_EQ(to_string(run_one(wanted()).decision), "unchanged") << "the vendor went back as well";
}

TEST_F(SignaturesTest, ASignedSumsFileNeedsTheExactName) {
    publish(script("one"), "\"1\"", "https://origin/v2/app");
    Component component = with_sums();
    component.url = "https://origin/v2/app";
    release_sums(sha256_of(script("one")) + "  v1/app\n");
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::digest);
    EXPECT_THAT(outcome.reason, HasSubstr("only for 'v1/app', which the URL does not end with"));
    EXPECT_EQ(asked_for(component.url), 0);
    EXPECT_FALSE(is_installed());
    release_sums(sha256_of(script("one")) + "  v2/app\n");
    EXPECT_EQ(to_string(run_one(component).decision), "install");
    // What is not signed is taken by its last part: it proves nothing anyway.
    component.signature = {};
    release_sums(sha256_of(script("one")) + "  v1/app\n");
    EXPECT_FALSE(run_one(component).error);
}

TEST_F(SignaturesTest, ASignatureOverTheArtifactDoesNotMakeTheSumsSigned) {
    publish(script("one"), "\"1\"");
    publish(sha256_of(script("one")) + "  dist/app\n", "\"s\"", sums_url);
    publish(key_a.sign(script("one"), "x"), "\"t\"", signature_url);
    Component component = with_sums();
    component.signature.url = signature_url;
    EXPECT_EQ(to_string(run_one(component).decision), "install");
}

TEST_F(SignaturesTest, AnUnchangedPassWritesNothing) {
    release("one", key_a);
    EXPECT_FALSE(run_one(wanted({"vendor.pub"})).error);
    const auto state = list_tree(paths.state_dir);
    EXPECT_EQ(to_string(run_one(wanted({"vendor.pub"})).decision), "unchanged");
    EXPECT_EQ(list_tree(paths.state_dir), state);
}

} // namespace
} // namespace provisor::test
