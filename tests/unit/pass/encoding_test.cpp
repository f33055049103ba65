// SPDX-License-Identifier: Apache-2.0
// Bodies that come compressed, also against what is installed: what is asked, how much of it
// travels, and that nothing is ever judged, named or installed but what is in them. The real
// provisor-unpack decodes.
#include "fakes/fake_machine.hpp"

#include "base/base64.hpp"
#include "base/sha256.hpp"
#include "store/cache.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;
using Variant = FakeOrigin::Variant;

/// A program of some size, most of which is the same in each version.
std::string version(int number) {
    std::string text = script("echo " + std::to_string(number));
    for (unsigned i = 0; text.size() < 300'000; ++i)
        text += "# " + std::to_string(i * 2654435761U) + "\n";
    return text + "# the end of " + std::to_string(number) + "\n";
}

std::string bytes_of_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

class Encoding : public testing::Test {
protected:
    std::string zstd(const std::string& content, const std::string& options = "-q") {
        write_text(machine.folder / "plain", content);
        const std::string in = "cd '" + machine.folder.path().string() + "' && ";
        EXPECT_EQ(std::system((in + "zstd " + options + " -c plain >encoded").c_str()), 0);
        return read_text(machine.folder / "encoded");
    }
    Variant zstd_variant(const std::string& content, const std::string& etag) {
        return {ContentCoding::zstd, "", zstd(content), etag};
    }
    Variant dcz_variant(const std::string& content, const std::string& dictionary,
                        const std::string& etag) {
        write_text(machine.folder / "dictionary", dictionary);
        const std::string magic("\x5e\x2a\x4d\x18\x20\x00\x00\x00", 8);
        return {ContentCoding::dcz, sha256_of(dictionary),
                magic + bytes_of_hex(sha256_of(dictionary)) +
                    zstd(content, "-q --patch-from=dictionary"),
                etag};
    }
    FakeOrigin::Page& publish(const std::string& content, const std::string& etag,
                              std::vector<Variant> variants,
                              const std::string& url = FakeMachine::app_url) {
        machine.publish(content, etag, url);
        FakeOrigin::Page& page = machine.origin.pages[url];
        page.variants = std::move(variants);
        page.use_as_dictionary = DictionaryUse{"/app*", "the id"};
        return page;
    }
    /// Version 1 is installed, and has come as it is.
    void install_first() {
        publish(one, "\"1\"", {});
        ASSERT_EQ(machine.run_one(machine.app()).decision, Decision::install);
        machine.origin.asked.clear();
    }
    /// Version 2 is installed on top, and has come against version 1.
    void update_to_second() {
        publish(two, "\"2\"", {dcz_variant(two, one, "\"2-of-1\"")});
        ASSERT_EQ(machine.run_one(machine.app()).decision, Decision::update);
        machine.origin.asked.clear();
        machine.origin.bodies = 0;
    }

    FakeMachine machine;
    const std::string one = version(1);
    const std::string two = version(2);
    const std::string three = version(3);
};

TEST_F(Encoding, WhatComesWithZstdIsInstalledAsItIsInside) {
    const Variant encoded = zstd_variant(one, "\"1-zstd\"");
    publish(one, "\"1\"", {encoded});
    Component app = machine.app();
    app.sha256 = sha256_of(one);
    const Outcome outcome = machine.run_one(app);
    EXPECT_EQ(outcome.decision, Decision::install);
    EXPECT_EQ(machine.target(), one);
    EXPECT_EQ(outcome.bytes, encoded.body.size());
    EXPECT_LT(outcome.bytes, one.size());
    EXPECT_EQ(read_text(machine.blob(one)), one);
    EXPECT_TRUE(std::filesystem::is_empty(machine.paths.state_dir / "cache/partial"));
}

TEST_F(Encoding, ItsTagIsRepeatedAndAnUnchangedPassWritesNothing) {
    publish(one, "\"1\"", {zstd_variant(one, "\"1-zstd\"")});
    machine.run_one(machine.app());
    const auto before = list_tree(machine.folder.path());
    machine.origin.asked.clear();
    EXPECT_EQ(machine.run_one(machine.app()).decision, Decision::unchanged);
    ASSERT_EQ(machine.origin.asked.size(), 1U);
    EXPECT_EQ(machine.origin.asked[0].validator.etag, "\"1-zstd\"");
    EXPECT_EQ(machine.origin.asked[0].status, 304);
    EXPECT_FALSE(machine.origin.asked[0].probe);
    EXPECT_EQ(list_tree(machine.folder.path()), before);
}

TEST_F(Encoding, ANewVersionComesAgainstTheInstalledOne) {
    install_first();
    const Variant difference = dcz_variant(two, one, "\"2-of-1\"");
    publish(two, "\"2\"", {difference});
    const Outcome outcome = machine.run_one(machine.app());
    EXPECT_EQ(outcome.decision, Decision::update);
    EXPECT_EQ(machine.target(), two);
    EXPECT_EQ(outcome.bytes, difference.body.size());
    EXPECT_LT(outcome.bytes * 20, two.size());
    ASSERT_EQ(machine.origin.asked.size(), 1U);
    EXPECT_EQ(machine.origin.asked[0].dictionary, sha256_of(one));
    EXPECT_EQ(machine.origin.asked[0].validator.etag, "\"1\"");
}

TEST_F(Encoding, ATagOfADifferenceIsAskedForWithTheSameDictionary) {
    install_first();
    update_to_second();
    const auto before = list_tree(machine.folder.path());
    EXPECT_EQ(machine.run_one(machine.app()).decision, Decision::unchanged);
    ASSERT_EQ(machine.origin.asked.size(), 1U);
    EXPECT_EQ(machine.origin.asked[0].validator.etag, "\"2-of-1\"");
    EXPECT_EQ(machine.origin.asked[0].dictionary, sha256_of(one));
    EXPECT_EQ(machine.origin.asked[0].status, 304);
    EXPECT_EQ(machine.origin.bodies, 0U);
    EXPECT_EQ(list_tree(machine.folder.path()), before);
}

TEST_F(Encoding, TheVersionAfterThatComesAgainstTheNewestAgain) {
    install_first();
    update_to_second();
    const Variant difference = dcz_variant(three, two, "\"3-of-2\"");
    publish(three, "\"3\"", {dcz_variant(three, one, "\"3-of-1\""), difference});
    const Outcome outcome = machine.run_one(machine.app());
    EXPECT_EQ(machine.target(), three);
    EXPECT_EQ(outcome.bytes, difference.body.size());
    EXPECT_EQ(machine.origin.bodies, 1U);
    ASSERT_EQ(machine.origin.asked.size(), 2U);
    EXPECT_TRUE(machine.origin.asked[0].probe);
    EXPECT_EQ(machine.origin.asked[0].status, 206);
    EXPECT_EQ(machine.origin.asked[1].dictionary, sha256_of(two));
    EXPECT_TRUE(machine.origin.asked[1].validator.empty());
    EXPECT_FALSE(machine.origin.asked[1].probe);
}

TEST_F(Encoding, AnOriginWithoutRangesIsTakenByItsFirstWord) {
    install_first();
    update_to_second();
    publish(three, "\"3\"", {dcz_variant(three, one, "\"3-of-1\"")}).ranges = false;
    EXPECT_EQ(machine.run_one(machine.app()).decision, Decision::update);
    EXPECT_EQ(machine.target(), three);
    EXPECT_EQ(machine.origin.asked.size(), 1U);
    EXPECT_EQ(machine.origin.bodies, 1U);
}

TEST_F(Encoding, ADictionaryThatIsGoneIsNotOffered) {
    install_first();
    update_to_second();
    std::filesystem::remove(machine.blob(one));
    EXPECT_EQ(machine.run_one(machine.app()).decision, Decision::unchanged);
    ASSERT_EQ(machine.origin.asked.size(), 1U);
    EXPECT_EQ(machine.origin.asked[0].dictionary, sha256_of(two));
    EXPECT_FALSE(machine.origin.asked[0].probe);
}

TEST_F(Encoding, ADamagedDictionaryMeansThatTheBodyIsHadAsItIs) {
    install_first();
    std::string damaged = one;
    damaged[1000] ^= 1;
    write_text(machine.blob(one), damaged);
    publish(two, "\"2\"", {dcz_variant(two, one, "\"2-of-1\"")});
    EXPECT_EQ(machine.run_one(machine.app()).decision, Decision::update);
    EXPECT_EQ(machine.target(), two);
    ASSERT_EQ(machine.origin.asked.size(), 2U);
    EXPECT_FALSE(machine.origin.asked[1].compressed);
    EXPECT_EQ(machine.origin.asked[1].dictionary, "");
    EXPECT_FALSE(std::filesystem::exists(machine.blob(one))) << "still there to be offered again";
}

TEST_F(Encoding, SoDoesADifferenceThatLeadsElsewhere) {
    install_first();
    Component app = machine.app();
    app.sha256 = sha256_of(two);
    publish(two, "\"2\"", {dcz_variant(three, one, "\"2-of-1\"")});
    EXPECT_EQ(machine.run_one(app).decision, Decision::update);
    EXPECT_EQ(machine.target(), two);
    EXPECT_EQ(machine.origin.asked.size(), 2U);
    EXPECT_FALSE(std::filesystem::exists(machine.blob(three)));
}

TEST_F(Encoding, WhatCannotBeDecodedIsHadAsItIs) {
    Variant cut = zstd_variant(one, "\"1-zstd\"");
    cut.body.resize(cut.body.size() / 2);
    publish(one, "\"1\"", {cut});
    EXPECT_EQ(machine.run_one(machine.app()).decision, Decision::install);
    EXPECT_EQ(machine.target(), one);
    EXPECT_EQ(machine.origin.asked.size(), 2U);
    EXPECT_EQ(Cache(machine.paths.state_dir).find(FakeMachine::app_url)->validator.etag, "\"1\"");
}

TEST_F(Encoding, SoIsADifferenceThatIsNone) {
    install_first();
    const std::string difference = dcz_variant(two, one, "").body;
    std::string number = one;
    std::string digest = difference;
    digest[20] ^= 1;
    std::string magic = difference;
    magic[0] ^= 1;
    for (const std::string& body : {digest, magic, difference.substr(0, 20), std::string("x")}) {
        number += "# another\n";
        publish(number, '"' + std::to_string(number.size()) + '"',
                {{ContentCoding::dcz, sha256_of(machine.target()), body, "\"other\""}});
        machine.origin.asked.clear();
        EXPECT_EQ(machine.run_one(machine.app()).decision, Decision::update);
        EXPECT_EQ(machine.target(), number);
        ASSERT_EQ(machine.origin.asked.size(), 2U);
        EXPECT_NE(machine.origin.asked[0].dictionary, "");
        EXPECT_EQ(machine.origin.asked[1].dictionary, "");
    }
}

TEST_F(Encoding, SoIsADifferenceThatTheMachineHasNoMemoryFor) {
    install_first();
    publish(two, "\"2\"", {dcz_variant(two, one, "\"2-of-1\"")});
    write_text(machine.folder / "unpack", "#!/bin/sh\nkill -KILL $$\n"); // as the kernel would
    std::filesystem::permissions(machine.folder / "unpack", std::filesystem::perms(0755));
    machine.unpack_program = machine.folder / "unpack";
    const Outcome outcome = machine.run_one(machine.app());
    EXPECT_EQ(outcome.decision, Decision::update) << outcome.reason;
    EXPECT_TRUE(machine.target() == two);
    ASSERT_EQ(machine.origin.asked.size(), 2U);
    EXPECT_FALSE(machine.origin.asked[1].compressed);
    EXPECT_TRUE(std::filesystem::is_empty(machine.paths.state_dir / "cache/partial"));
}

TEST_F(Encoding, WhatIsWrongInBothWaysIsAskedForTwiceAndNoMore) {
    install_first();
    Component app = machine.app();
    app.sha256 = sha256_of("what nobody has");
    publish(two, "\"2\"", {dcz_variant(two, one, "\"2-of-1\"")});
    const Outcome outcome = machine.run_one(app);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::digest);
    EXPECT_EQ(machine.origin.asked.size(), 2U);
    EXPECT_EQ(machine.target(), one);
}

TEST_F(Encoding, ABombEndsAtTheLimitAndLeavesNothing) {
    machine.config.limits.artifact_size = 400'000;
    publish(one, "\"1\"", {zstd_variant(std::string(50'000'000, '\0'), "\"1-zstd\"")});
    const Outcome outcome = machine.run_one(machine.app());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::size);
    EXPECT_THAT(outcome.error->what(), HasSubstr("https://origin/app"));
    EXPECT_EQ(machine.origin.asked.size(), 1U) << "asked again for what is too large";
    EXPECT_FALSE(std::filesystem::exists(machine.folder / "bin/app"));
    EXPECT_TRUE(std::filesystem::is_empty(machine.paths.state_dir / "cache/partial"));
}

TEST_F(Encoding, AWindowThatTheCodingDoesNotAllowMeansThatItIsHadAsItIs) {
    std::string large = one;
    while (large.size() < 20'000'000)
        large += std::to_string(large.size() * 2654435761U);
    publish(one, "\"1\"", {{ContentCoding::zstd, "", zstd(large, "-q --long=25"), "\"1-zstd\""}});
    EXPECT_EQ(machine.run_one(machine.app()).decision, Decision::install);
    EXPECT_EQ(machine.target(), one);
    EXPECT_EQ(machine.origin.asked.size(), 2U);
}

TEST_F(Encoding, ACutBodyIsContinuedInItsEncoding) {
    const Variant encoded = zstd_variant(one, "\"1-zstd\"");
    publish(one, "\"1\"", {encoded}).cut = encoded.body.size() / 2;
    const std::uint64_t first = machine.run_one(machine.app()).bytes;
    machine.origin.pages[FakeMachine::app_url].cut = 0;
    const Outcome outcome = machine.run_one(machine.app());
    EXPECT_EQ(outcome.decision, Decision::install);
    EXPECT_EQ(machine.target(), one);
    EXPECT_EQ(first + outcome.bytes, encoded.body.size());
}

TEST_F(Encoding, TheNextVersionAtAnotherUrlComesAgainstTheInstalledOne) {
    install_first();
    const std::string url = "https://origin/app-2.0";
    publish(two, "\"2\"", {dcz_variant(two, one, "\"2-of-1\"")}, url);
    Component app = machine.app();
    app.url = url;
    EXPECT_EQ(machine.run_one(app).decision, Decision::update);
    EXPECT_EQ(machine.target(), two);
    ASSERT_EQ(machine.origin.asked.size(), 1U);
    EXPECT_EQ(machine.origin.asked[0].dictionary, sha256_of(one));
}

TEST_F(Encoding, NothingIsOfferedWhereTheOriginDidNotSayThatItMay) {
    install_first();
    for (const std::string url :
         {"https://origin/other-2.0", "https://elsewhere/app-2.0", "http://origin/app-2.0"}) {
        publish(two, "\"2\"", {}, url);
        Component app = machine.app();
        app.url = url;
        machine.run_one(app);
        EXPECT_EQ(machine.origin.asked.back().dictionary, "") << url;
        EXPECT_TRUE(machine.origin.asked.back().compressed);
    }
    machine.publish(three, "\"3\"", "https://origin/app-3.0");
    Component app = machine.app();
    app.url = "https://origin/app-3.0";
    machine.run_one(app); // it does not say that it is a dictionary
    machine.publish(one, "\"4\"", "https://origin/app-3.0");
    machine.run_one(app);
    EXPECT_EQ(machine.origin.asked.back().dictionary, "");
}

} // namespace
} // namespace provisor::test
