// SPDX-License-Identifier: Apache-2.0
#include "model/trusted_now.hpp"

#include "model/component.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

const std::string artifact(64, 'a');
const std::string other_artifact(64, 'b');
const std::string id_a(16, 'A');
const std::string id_b(16, 'B');
const KeysInForce both{{id_a, "a.pub"}, {id_b, "b.pub"}};
const KeysInForce only_b{{id_b, "b.pub"}};

Marker marker_of(const std::string& signed_by, bool pinned = false) {
    Marker marker;
    marker.component = "app";
    marker.artifact = artifact;
    marker.signed_by = signed_by;
    marker.pinned = pinned;
    return marker;
}

Component component_of(const std::string& pin, const std::string& signature,
                       std::vector<std::string> keys = {}) {
    Component component;
    component.name = "app";
    component.sha256 = pin;
    component.signature.url = signature;
    component.signature.keys = std::move(keys);
    return component;
}

constexpr const char* url = "https://origin/app.minisig";
constexpr const char* gone = "was signed by key AAAAAAAAAAAAAAAA, which is not trusted any more";
constexpr const char* not_for_it =
    "was signed by key AAAAAAAAAAAAAAAA (a.pub), which may not sign 'app'";
constexpr const char* unsigned_now = "has no signature on record, and agent.yaml says 'require: "
                                     "signature'";
constexpr const char* bare = "has neither a pin nor a signature on record, and agent.yaml says "
                             "'require: pin'";

struct Row {
    const char* name;
    Marker marker;
    std::optional<Component> component;
    Require require;
    KeysInForce keys;
    std::string reason; ///< empty: trusted
    Doubt::Kind kind = Doubt::Kind::key;
};

class TrustedNow : public testing::TestWithParam<Row> {};

TEST_P(TrustedNow, IsByKeysAndPolicyOfNow) {
    const Row& row = GetParam();
    const auto doubt =
        find_doubt(row.marker, row.component ? &*row.component : nullptr, row.require, row.keys);
    EXPECT_EQ(doubt ? doubt->reason : "", row.reason);
    if (doubt) {
        EXPECT_EQ(doubt->kind, row.kind);
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, TrustedNow,
    testing::Values(
        Row{"SignedByAKeyInForce", marker_of(id_a), component_of("", url), Require::none, both, ""},
        Row{"SignedByAKeyThatWasTakenAway", marker_of(id_a), component_of("", url), Require::none,
            only_b, gone},
        Row{"AllKeysTakenAway", marker_of(id_a), component_of("", url), Require::none, {}, gone},
        Row{"AlsoWhereItIsRequired", marker_of(id_a), component_of("", url), Require::signature,
            only_b, gone},
        Row{"AlsoWhereItIsPinned", marker_of(id_a, true), component_of(artifact, url),
            Require::none, only_b, gone},
        Row{"NoManifestNamesIt", marker_of(id_a), std::nullopt, Require::none, only_b, gone},
        Row{"NoManifestNamesItAndTheKeyIsThere", marker_of(id_a), std::nullopt, Require::none, both,
            ""},
        Row{"TheManifestAsksForNoSignatureAnyMore", marker_of(id_a), component_of("", ""),
            Require::none, only_b, gone},
        Row{"TheManifestNamesTheVeryBytesInPlaceOfASignature", marker_of(id_a),
            component_of(artifact, ""), Require::none, only_b, ""},
        Row{"TheManifestNamesOtherBytesInPlaceOfASignature", marker_of(id_a),
            component_of(other_artifact, ""), Require::none, only_b, gone},
        Row{"ItsKeyIsNamedByFile", marker_of(id_a), component_of("", url, {"b.pub", "a.pub"}),
            Require::none, both, ""},
        Row{"ItsKeyIsNamedById", marker_of(id_a), component_of("", url, {id_a}), Require::none,
            both, ""},
        Row{"OnlyAnotherKeyIsNamed", marker_of(id_a), component_of("", url, {"b.pub"}),
            Require::none, both, not_for_it},
        Row{"OneKeyInTwoFilesOfWhichOneIsNamed",
            marker_of(id_a),
            component_of("", url, {"z.pub"}),
            Require::none,
            {{id_a, "a.pub"}, {id_a, "z.pub"}},
            ""},
        Row{"NamedAndTakenAway", marker_of(id_a), component_of("", url, {"a.pub"}), Require::none,
            only_b, gone},
        Row{"Unsigned", marker_of(""), component_of("", ""), Require::none, {}, ""},
        Row{"UnsignedWhereTheManifestAsksForASignatureNow", marker_of(""), component_of("", url),
            Require::none, both, ""},
        Row{"UnsignedWhereThatIsRequired", marker_of("", true), component_of("", url),
            Require::signature, both, unsigned_now, Doubt::Kind::policy},
        Row{"UnsignedAndWithoutManifestWhereThatIsRequired", marker_of(""), std::nullopt,
            Require::signature, both, unsigned_now, Doubt::Kind::policy},
        Row{"PinnedWhereThatIsRequired",
            marker_of("", true),
            component_of(other_artifact, ""),
            Require::pin,
            {},
            ""},
        Row{"SignedWhereAPinIsRequired", marker_of(id_a), component_of(other_artifact, url),
            Require::pin, both, ""},
        Row{"NeitherWhereAPinIsRequired",
            marker_of(""),
            component_of(other_artifact, ""),
            Require::pin,
            {},
            bare,
            Doubt::Kind::policy},
        Row{"NamedByTheManifestOfNowWhereAPinIsRequired",
            marker_of(""),
            component_of(artifact, ""),
            Require::pin,
            {},
            ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PinDoubt, IsOfOtherContentThanTheManifestPins) {
    const Marker marker = marker_of("");
    EXPECT_FALSE(find_pin_doubt(marker, component_of("", ""), std::nullopt));
    EXPECT_FALSE(find_pin_doubt(marker, component_of(artifact, ""), std::nullopt));
    const auto doubt = find_pin_doubt(marker, component_of(other_artifact, ""), std::nullopt);
    ASSERT_TRUE(doubt);
    EXPECT_EQ(doubt->reason, "is not what the manifest pins (bbbbbbbbbbbb)");
    EXPECT_EQ(doubt->kind, Doubt::Kind::pin);
}

TEST(PinDoubt, IsLiftedWhileWhatIsPinnedIsQuarantined) {
    Quarantine quarantine;
    quarantine.sha256 = other_artifact;
    const Marker marker = marker_of("");
    EXPECT_FALSE(find_pin_doubt(marker, component_of(other_artifact, ""), quarantine));
    EXPECT_TRUE(find_pin_doubt(marker, component_of(std::string(64, 'c'), ""), quarantine))
        << "the manifest pins something else since";
}

TEST(KeysOfAComponent, MustBeInForce) {
    EXPECT_FALSE(find_key_fault(component_of("", url), {}));
    EXPECT_FALSE(find_key_fault(component_of("", url, {"a.pub", id_b}), both));
    EXPECT_EQ(find_key_fault(component_of("", url, {"b.pub", "a.pub"}), only_b),
              "signature.keys names 'a.pub', and keys.d has no such key that can be used; put it "
              "there, or take it out of the manifest");
    EXPECT_TRUE(find_key_fault(component_of("", url, {id_a}), only_b));
}

TEST(KeysOfAComponent, AreWorthNamingWhereThereAreSeveral) {
    EXPECT_FALSE(find_key_warning(component_of("", url), only_b));
    EXPECT_FALSE(find_key_warning(component_of("", ""), both));
    EXPECT_FALSE(find_key_warning(component_of("", url, {"a.pub"}), both));
    EXPECT_EQ(find_key_warning(component_of("", url), both),
              "each of the 2 keys in keys.d may sign it; name those of its vendor with signature: "
              "{ url: …, keys: [ NAME.pub ] }");
}

Generation generation(char letter) {
    Marker marker;
    marker.component = "app";
    marker.artifact = std::string(64, letter);
    marker.files = {{"/opt/app", std::string(64, letter), 0755, "root", "root"}};
    return {marker, std::string("1.") + letter, "https://origin/app",
            WallTime(std::chrono::seconds(1'800'000'000 + letter))};
}

Generations generations(const std::string& letters) {
    Generations list;
    for (const char letter : letters)
        list = with_newest(std::move(list), generation(letter), 5);
    return list;
}

Distrust of(const std::string& letters) {
    return [letters](const Marker& marker) -> std::string {
        return letters.find(marker.artifact[0]) == std::string::npos ? "" : "is bad";
    };
}

std::optional<Generation> target(const std::string& letters, char from,
                                 const std::string& distrusted = "") {
    return find_way_back(generations(letters), generation(from).marker, std::nullopt,
                         of(distrusted))
        .target;
}

TEST(WayBack, LeadsToTheNewestOtherInstallation) {
    EXPECT_EQ(target("ab", 'b'), generation('a'));
    EXPECT_EQ(target("ab", 'c'), generation('b'));
    EXPECT_EQ(target("b", 'b'), std::nullopt);
    EXPECT_EQ(target("", 'b'), std::nullopt);
}

TEST(WayBack, PassesOverWhatIsQuarantined) {
    Quarantine quarantine;
    quarantine.installation = identity_of(generation('b').marker);
    EXPECT_EQ(find_way_back(generations("ab"), generation('c').marker, quarantine, of("")).target,
              generation('a'));
}

TEST(WayBack, PassesOverWhatIsNotTrustedAnyMore) {
    EXPECT_EQ(target("abc", 'c', "b"), generation('a'));
    const WayBack way =
        find_way_back(generations("abc"), generation('c').marker, std::nullopt, of("ab"));
    EXPECT_FALSE(way.target);
    EXPECT_EQ(way.refusal, "no earlier version that is still trusted: 1.b (bbbbbbbbbbbb) is bad");
    EXPECT_EQ(
        find_way_back(generations("c"), generation('c').marker, std::nullopt, of("c")).refusal, "")
        << "there is no other at all";
}

} // namespace
} // namespace provisor
