// SPDX-License-Identifier: Apache-2.0
// SHA-512 digests, of manifests and of checksums files, beside SHA-256 or alone.
#include "base/sha256.hpp"
#include "fakes/fake_machine.hpp"
#include "support/tree_listing.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

std::string sha512_of(const std::string& text) {
    std::array<unsigned char, SHA512_DIGEST_LENGTH> raw{};
    ::SHA512(reinterpret_cast<const unsigned char*>(text.data()), text.size(), raw.data());
    std::string hex;
    for (const unsigned char byte : raw) {
        constexpr std::string_view digits = "0123456789abcdef";
        hex += digits[byte / 16];
        hex += digits[byte % 16];
    }
    return hex;
}

class DigestsTest : public testing::Test, public FakeMachine {
protected:
    Component pinned(const std::string& content) const {
        Component component = app();
        component.sha512 = sha512_of(script(content));
        return component;
    }
    Component with_sums(const std::string& sums, const std::string& name = "") {
        publish(sums, "\"" + sha256_of(sums) + "\"", sums_url);
        Component component = app();
        component.checksums = sums_url;
        component.checksums_name = name;
        return component;
    }
    static constexpr const char* sums_url = "https://origin/SUMS";
    bool is_installed() const { return std::filesystem::exists(folder / "bin/app"); }
    Marker marker() const { return ComponentStore(paths.state_dir).installed("app").value(); }
};

TEST_F(DigestsTest, WhatIsPinnedIsInstalledAndThenNobodyIsAsked) {
    publish(script("one"), "\"1\"");
    EXPECT_EQ(to_string(run_one(pinned("one")).decision), "install");
    EXPECT_EQ(target(), script("one"));
    EXPECT_TRUE(marker().pinned);
    EXPECT_EQ(marker().sha512, sha512_of(script("one")));
    origin.asked.clear();
    const auto state = list_tree(paths.state_dir);
    const Outcome outcome = run_one(pinned("one"));
    EXPECT_EQ(to_string(outcome.decision), "unchanged") << outcome.reason;
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_EQ(list_tree(paths.state_dir), state) << "something was written";
}

TEST_F(DigestsTest, OtherContentIsRefusedAndCostsNoBodyOnceItIsKnown) {
    publish(script("two"), "\"2\"");
    for (int i = 0; i < 2; ++i) {
        const Outcome outcome = run_one(pinned("one"));
        ASSERT_TRUE(outcome.error);
        EXPECT_EQ(outcome.error->kind(), ErrorKind::digest);
        EXPECT_THAT(outcome.reason,
                    HasSubstr("the origin sent content with sha512 " + sha512_of(script("two")) +
                              ", the manifest pins " + sha512_of(script("one"))));
    }
    EXPECT_FALSE(is_installed());
    const unsigned bodies = origin.bodies;
    EXPECT_EQ(run_one(pinned("one")).error->kind(), ErrorKind::digest);
    EXPECT_EQ(origin.bodies, bodies);
    EXPECT_EQ(origin.asked.back().status, 304);
    EXPECT_FALSE(is_installed());
}

TEST_F(DigestsTest, WhatTheCacheHasOfTheUrlIsNotBelievedToBeWhatIsPinned) {
    publish(script("one"), "\"1\"");
    run_one(app());
    const Outcome refused = run_one(pinned("two"));
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->kind(), ErrorKind::digest);
    EXPECT_EQ(target(), script("one"));
    // The tag stood still.
    publish(script("two"), "\"1\"");
    const Outcome outcome = run_one(pinned("two"));
    EXPECT_EQ(to_string(outcome.decision), "update") << outcome.reason;
    EXPECT_EQ(target(), script("two"));
}

TEST_F(DigestsTest, APinOfWhatIsInstalledAsksNobodyAndIsRecorded) {
    publish(script("one"), "\"1\"");
    run_one(app());
    EXPECT_FALSE(marker().pinned);
    origin.asked.clear();
    const Outcome outcome = run_one(pinned("one"));
    EXPECT_EQ(to_string(outcome.decision), "unchanged") << outcome.reason;
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_TRUE(marker().pinned);
    EXPECT_EQ(marker().sha512, sha512_of(script("one")));
}

TEST_F(DigestsTest, BothOfAManifestMustMatch) {
    publish(script("one"), "\"1\"");
    Component component = pinned("one");
    component.sha256 = sha256_of(script("one"));
    component.sha512 = sha512_of(script("two"));
    EXPECT_EQ(run_one(component).error->kind(), ErrorKind::digest);
    component.sha256 = sha256_of(script("two"));
    component.sha512 = sha512_of(script("one"));
    EXPECT_EQ(run_one(component).error->kind(), ErrorKind::digest);
    EXPECT_FALSE(is_installed());
    component.sha256 = sha256_of(script("one"));
    EXPECT_EQ(to_string(run_one(component).decision), "install");
}

TEST_F(DigestsTest, AnotherOfTheTwoIsCheckedAlsoOfWhatIsInstalled) {
    publish(script("one"), "\"1\"");
    Component component = app();
    component.sha256 = sha256_of(script("one"));
    run_one(component);
    component.sha512 = sha512_of(script("two"));
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::digest);
    EXPECT_EQ(target(), script("one")) << "what was there before is untouched";
}

TEST_F(DigestsTest, ADamagedFileIsPutBackWithoutARequest) {
    publish(script("one"), "\"1\"");
    run_one(pinned("one"));
    write_text(folder / "bin/app", "damaged");
    origin.asked.clear();
    EXPECT_EQ(to_string(run_one(pinned("one")).decision), "repair");
    EXPECT_EQ(target(), script("one"));
    EXPECT_TRUE(origin.asked.empty());
}

TEST_F(DigestsTest, WhatIsNotPinnedAnyMoreIsNotPutBack) {
    publish(script("one"), "\"1\"");
    run_one(pinned("one"));
    write_text(folder / "bin/app", "damaged");
    const Outcome outcome = run_one(pinned("two"));
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(target(), "damaged");
    EXPECT_THAT(outcome.reason, HasSubstr("is not what the manifest pins"));
}

TEST_F(DigestsTest, ADigestIsAPinForThePolicy) {
    config.require = Require::pin;
    publish(script("one"), "\"1\"");
    EXPECT_EQ(to_string(run_one(pinned("one")).decision), "install");
    EXPECT_EQ(run_one(app()).error->kind(), ErrorKind::config);
}

TEST_F(DigestsTest, AChecksumsFileMayHaveSha512Alone) {
    publish(script("one"), "\"1\"");
    const Component component = with_sums(sha512_of(script("one")) + "  app\n");
    EXPECT_EQ(to_string(run_one(component).decision), "install");
    origin.asked.clear();
    const auto state = list_tree(paths.state_dir);
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "unchanged") << outcome.reason;
    ASSERT_EQ(origin.asked.size(), 1U);
    EXPECT_EQ(origin.asked[0].url, sums_url);
    EXPECT_EQ(origin.asked[0].status, 304);
    EXPECT_EQ(list_tree(paths.state_dir), state) << "something was written";
}

TEST_F(DigestsTest, BothOfAChecksumsFileMustMatch) {
    publish(script("one"), "\"1\"");
    const Outcome outcome = run_one(
        with_sums(sha256_of(script("one")) + "  app\n" + sha512_of(script("two")) + "  app\n"));
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::digest);
    EXPECT_THAT(outcome.reason,
                HasSubstr("'https://origin/SUMS' says " + sha512_of(script("two"))));
    EXPECT_FALSE(is_installed());
    EXPECT_EQ(to_string(run_one(with_sums(sha256_of(script("one")) + "  app\n" +
                                          sha512_of(script("one")) + "  app\n"))
                            .decision),
              "install");
}

TEST_F(DigestsTest, TheManifestMaySayWhatTheChecksumsFileCallsIt) {
    publish(script("one"), "\"1\"");
    const std::string sums =
        sha256_of(script("two")) + "  app\n" + sha256_of(script("one")) + "  app_1.0_linux_amd64\n";
    EXPECT_EQ(run_one(with_sums(sums)).error->kind(), ErrorKind::digest);
    EXPECT_FALSE(is_installed());
    EXPECT_EQ(to_string(run_one(with_sums(sums, "app_1.0_linux_amd64")).decision), "install");
}

} // namespace
} // namespace provisor::test
