// SPDX-License-Identifier: Apache-2.0
#include "store/json_checksum.hpp"

#include "base/sha256.hpp"
#include "store/component_store.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace provisor {
namespace {

const std::string text = "{\n \"mode\": \"0755\",\n \"paths\": [\n  \"/opt/app\"\n ]\n}\n";

TEST(JsonChecksum, IsTheLastMemberAndOfTheTextWithoutIt) {
    const std::string checked = with_checksum(text);
    const auto json = nlohmann::ordered_json::parse(checked);
    EXPECT_EQ(json.at("mode"), "0755");
    EXPECT_EQ(json.back(), sha256_of(text));
    EXPECT_EQ(std::prev(json.end()).key(), "checksum");
    EXPECT_FALSE(has_wrong_checksum(checked));
}

TEST(JsonChecksum, AnotherTextHasAWrongOne) {
    std::string checked = with_checksum(text);
    checked.replace(checked.find("0755"), 4, "0745");
    EXPECT_TRUE(has_wrong_checksum(checked));
}

TEST(JsonChecksum, ATextOfAnEarlierVersionHasNone) {
    EXPECT_FALSE(has_wrong_checksum(text));
    EXPECT_FALSE(has_wrong_checksum(""));
    EXPECT_FALSE(has_wrong_checksum("}\n"));
}

class DamagedState : public testing::Test {
protected:
    /// What `read` gives for each text that a flipped bit makes of the file.
    template <typename Read, typename Check>
    void flip_bits(const char* name, const Read& read, const Check& check) {
        const auto path = folder / "state/components/app" / name;
        const std::string whole = test::read_text(path);
        for (std::size_t at = 0; at < whole.size(); ++at)
            for (const int bit : {1, 32}) { // the next digit, and the other case
                std::string flipped = whole;
                flipped[at] = static_cast<char>(flipped[at] ^ bit);
                test::write_text(path, flipped);
                EXPECT_NO_THROW(check(read())) << flipped;
            }
    }

    const Marker marker{"app",
                        sha256_of("content"),
                        {{"/opt/app", sha256_of("content"), 0755, "root", "root"}},
                        {},
                        false,
                        {},
                        ""};
    test::TemporaryFolder folder;
    ComponentStore store{folder / "state"};
};

TEST_F(DamagedState, AMarkerIsReadAsItWasWrittenOrNotAtAll) {
    store.write_installed(marker);
    std::size_t lost = 0;
    flip_bits(
        ".installed", [&] { return store.installed("app"); },
        [&](const std::optional<Marker>& read) {
            lost += read ? 0U : 1U;
            if (read) {
                EXPECT_EQ(to_json(*read), to_json(marker));
            }
        });
    EXPECT_GT(lost, 500U);
}

/// It is a copy of the marker, and is taken for that as long as its checksum says so.
TEST_F(DamagedState, AnActivatedMarkerIsReadAsItWasWrittenOrNotAtAll) {
    store.write_activated(marker);
    for (const bool copy : {false, true}) {
        Marker installed = marker;
        if (!copy)
            installed.files[0].mode = 0700;
        store.write_installed(installed);
        store.installed("app");
        std::size_t lost = 0;
        flip_bits(
            ".activated", [&] { return store.activated("app"); },
            [&](const std::optional<Marker>& read) {
                lost += read ? 0U : 1U;
                if (read) {
                    EXPECT_EQ(to_json(*read), to_json(marker));
                }
            });
        EXPECT_TRUE(copy ? lost < 200 : lost > 500) << lost;
        store.write_activated(marker);
        EXPECT_EQ(to_json(store.activated("app").value()), to_json(marker));
    }
}

TEST_F(DamagedState, SoAreTheGenerationsToGoBackTo) {
    const Generations generations{{marker, "1.0", "https://o/app", WallTime{}}};
    store.write_generations("app", generations);
    flip_bits(
        "generations.json", [&] { return store.generations("app"); },
        [&](const Generations& read) {
            if (!read.empty()) {
                EXPECT_EQ(to_json(read), to_json(generations));
            }
        });
}

} // namespace
} // namespace provisor
