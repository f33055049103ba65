// SPDX-License-Identifier: Apache-2.0
#include "model/generation.hpp"

#include "model/component.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

Marker marker_of(char letter) {
    Marker marker;
    marker.component = "app";
    marker.artifact = std::string(64, letter);
    marker.files = {{"/opt/app", std::string(64, letter), 0755, "root", "root"}};
    return marker;
}

Generation generation(char letter) {
    return {marker_of(letter), std::string("1.") + letter, "https://origin/app",
            WallTime(std::chrono::seconds(1'800'000'000 + letter))};
}

Generations generations(const std::string& letters) {
    Generations list;
    for (const char letter : letters)
        list = with_newest(std::move(list), generation(letter), 5);
    return list;
}

TEST(Generations, AreEachThereOnceTheNewestLast) {
    EXPECT_EQ(generations("aba"), (Generations{generation('b'), generation('a')}));
}

TEST(Generations, LoseTheOldestBeyondTheLimit) {
    EXPECT_EQ(generations("abcdefa"), generations("cdefa"));
}

TEST(Generations, AreReadAsTheyWereWritten) {
    EXPECT_EQ(parse_generations(to_json(generations("abc"))), generations("abc"));
}

TEST(Generations, OfDamagedTextAreNone) {
    const std::string text = to_json(generations("abc"));
    for (const std::string& damaged : {std::string(), text.substr(0, text.size() / 2),
                                       std::string("{\"schema\":2,\"generations\":[]}"),
                                       "{\"schema\":4294967297," + text.substr(text.find(',') + 1)})
        EXPECT_TRUE(parse_generations(damaged).empty());
    for (const std::string hurt : {"0755", "T", "/opt/app", "bbbb"}) {
        std::string damaged = text;
        damaged.replace(damaged.find(hurt, damaged.find("1.b")), 1, "?");
        EXPECT_TRUE(parse_generations(damaged).empty()) << "the rest of them, where one is damaged";
    }
}

TEST(FindGeneration, GoesByVersionOrTheBeginningOfADigest) {
    EXPECT_EQ(find_generation(generations("ab"), "1.a"), generation('a'));
    EXPECT_EQ(find_generation(generations("ab"), "bbbbbbbb"), generation('b'));
    EXPECT_EQ(find_generation(generations("ab"), "bbbb"), std::nullopt) << "too short";
    EXPECT_EQ(find_generation(generations("ab"), "1"), std::nullopt);
}

TEST(Quarantine, IsForTheWholeInstallationAndTheWayItIsJudged) {
    Component component;
    component.name = "app";
    const std::optional<Quarantine> quarantine =
        Quarantine{identity_of(marker_of('b')), how_judged(component), "", "", "", {}};
    EXPECT_TRUE(is_quarantined(quarantine, component, marker_of('b')));
    EXPECT_FALSE(is_quarantined(quarantine, component, marker_of('a')));
    Marker other_mode = marker_of('b');
    other_mode.files[0].mode = 0700;
    EXPECT_FALSE(is_quarantined(quarantine, component, other_mode));
    component.health.http = "http://localhost/ready";
    EXPECT_FALSE(is_quarantined(quarantine, component, marker_of('b')));
    EXPECT_FALSE(is_quarantined(std::nullopt, component, marker_of('b')));
}

TEST(Quarantine, IsNotEndedByASignatureMadeAnew) {
    Marker again = marker_of('b');
    again.signed_by = "0123456789ABCDEF";
    EXPECT_EQ(identity_of(again), identity_of(marker_of('b')));
}

} // namespace
} // namespace provisor
