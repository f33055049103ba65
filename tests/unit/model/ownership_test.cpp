// SPDX-License-Identifier: Apache-2.0
#include "model/ownership.hpp"

#include "base/sha256.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using Kind = Claim::Kind;
using Why = Refusal::Why;

constexpr Kind wanted = Kind::wanted;
constexpr Kind installed = Kind::installed;
constexpr Kind retired = Kind::retired;

/// "/bin" leads to "/usr/bin" here.
FileId file_at(const std::string& path) {
    return {1, 1, path.starts_with("/bin/") ? "/usr" + path : path};
}

Claim claim(const std::string& component, Kind kind, Standing standing = Standing::present,
            const std::string& path = "/x") {
    return {component, path, file_at(path), kind, standing};
}

struct Row {
    const char* name;
    std::vector<Claim> claims;
    std::string owner;                     ///< and whether it wants and has it: "b wants has"
    std::vector<std::string> refused = {}; ///< "c taken by b"
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

std::string in_words(const Owner* owner) {
    if (owner == nullptr)
        return "nobody";
    return owner->component + (owner->wants ? " wants" : "") + (owner->has ? " has" : "");
}

std::string in_words(const Refusal& refusal) {
    const char* why = refusal.why == Why::named_twice  ? "named twice by"
                      : refusal.why == Why::taken      ? "taken by"
                      : refusal.why == Why::unreadable ? "kept for unreadable"
                                                       : "held by";
    return refusal.component + " " + why + " " + refusal.owner;
}

class OwnersOfOneFile : public testing::TestWithParam<Row> {};

TEST_P(OwnersOfOneFile, IsAsTheTableSays) {
    std::vector<Claim> claims = GetParam().claims;
    std::vector<std::size_t> order(claims.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    do { // in whatever order they come
        std::vector<Claim> shuffled;
        for (const std::size_t i : order)
            shuffled.push_back(claims[i]);
        const Owners owners = find_owners(shuffled);
        EXPECT_EQ(in_words(owners.find(file_at("/x"))), GetParam().owner);
        std::vector<std::string> refused;
        for (const Refusal& refusal : owners.refusals())
            refused.push_back(in_words(refusal));
        EXPECT_EQ(refused, GetParam().refused);
    } while (std::next_permutation(order.begin(), order.end()));
}

INSTANTIATE_TEST_SUITE_P(
    Ownership, OwnersOfOneFile,
    testing::Values(
        Row{"NobodyClaimsIt", {}, "nobody"}, //
        Row{"ItIsNew", {claim("b", wanted)}, "b wants"},
        Row{"ItIsInstalled", {claim("b", wanted), claim("b", installed)}, "b wants has"},
        Row{"ItMovesToAnother", {claim("a", wanted), claim("b", installed)}, "a wants"},
        Row{"ItMovesFromARenamedOne",
            {claim("a", wanted), claim("b", installed, Standing::orphaned)},
            "a wants"},
        Row{"ItMovesFromAnAbsentOne",
            {claim("a", wanted), claim("b", installed, Standing::absent)},
            "a wants"},
        Row{"ItHasMovedAndACrashCameInBetween",
            {claim("a", wanted), claim("a", installed), claim("b", installed)},
            "a wants has"},
        Row{"TwoWantIt", {claim("a", wanted), claim("b", wanted)}, "a wants", {"b taken by a"}},
        Row{"TwoWantItAndTheSecondHasIt",
            {claim("a", wanted), claim("b", wanted), claim("b", installed)},
            "b wants has",
            {"a taken by b"}},
        Row{"TwoWantItAndBothHaveIt",
            {claim("a", wanted), claim("a", installed), claim("b", wanted), claim("b", installed)},
            "a wants has",
            {"b taken by a"}},
        Row{"ThreeWantIt",
            {claim("a", wanted), claim("b", wanted), claim("c", wanted)},
            "a wants",
            {"b taken by a", "c taken by a"}},
        Row{"ItsManifestCannotBeRead", {claim("b", installed, Standing::unreadable)}, "b has"},
        Row{"AnotherWantsWhatIsOfAnUnreadableManifest",
            {claim("a", wanted), claim("b", installed, Standing::unreadable)},
            "b has",
            {"a kept for unreadable b"}},
        Row{"AnotherHasAdoptedWhatWasOfAnUnreadableManifest",
            {claim("a", wanted), claim("a", installed),
             claim("b", installed, Standing::unreadable)},
            "a wants has"},
        Row{"ItMovesFromOneOnHold",
            {claim("a", wanted), claim("b", installed, Standing::on_hold)},
            "b has",
            {"a held by b"}},
        Row{"OneOnHoldWantsWhatAnotherGivesAway",
            {claim("a", wanted, Standing::on_hold), claim("b", installed)},
            "a wants"},
        Row{"NobodyWantsIt", {claim("b", installed)}, "b has"},
        Row{"OnlyAnOrphanHasIt", {claim("b", installed, Standing::orphaned)}, "b has"},
        Row{"OneDropsWhatAnOrphanHas",
            {claim("a", installed), claim("b", installed, Standing::orphaned)},
            "b has"},
        Row{"OneIsRemovedWhatAnotherDrops",
            {claim("a", installed, Standing::absent), claim("b", installed)},
            "b has"},
        Row{"ItIsGivenUpTwice", {claim("a", retired), claim("b", retired)}, "a"},
        Row{"ItIsGivenUpByOneAndWantedByAnother",
            {claim("a", retired), claim("b", wanted)},
            "b wants"},
        Row{"ItIsGivenUpByOneAndInstalledForAnother",
            {claim("a", retired), claim("b", installed)},
            "b has"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Ownership, TwoPathsOfOneFileAreOneFile) {
    const Owners owners =
        find_owners({claim("a", wanted, Standing::present, "/usr/bin/tool"),
                     claim("b", wanted, Standing::present, "/bin/tool"), claim("c", wanted)});
    ASSERT_EQ(owners.refusals().size(), 1U);
    EXPECT_EQ(describe(owners.refusals()[0]),
              "'/bin/tool' is the same file as '/usr/bin/tool' of component 'a'; two components "
              "cannot share a file");
    EXPECT_EQ(in_words(owners.find(file_at("/x"))), "c wants");
}

TEST(Ownership, OneComponentCannotNameAFileTwice) {
    const Owners owners = find_owners({claim("a", wanted, Standing::present, "/usr/bin/tool"),
                                       claim("a", wanted, Standing::present, "/bin/tool"),
                                       claim("a", installed, Standing::present, "/bin/tool")});
    ASSERT_EQ(owners.refusals().size(), 1U);
    EXPECT_EQ(describe(owners.refusals()[0]),
              "'/bin/tool' and '/usr/bin/tool' are the same file; name it once");
    EXPECT_FALSE(owners.any_shared());
}

InstalledFile file(const std::string& path) {
    return {path, sha256_of(path), 0755, "root", "root"};
}

Marker marker(const std::string& component, const std::vector<std::string>& files,
              const std::vector<std::string>& given_up = {}) {
    Marker made;
    made.component = component;
    made.artifact = sha256_of(component);
    for (const std::string& path : files)
        made.files.push_back(file(path));
    for (const std::string& path : given_up)
        made.retired.push_back(file(path));
    return made;
}

std::string in_words(const Marker& made) {
    std::string text;
    for (const InstalledFile& one : made.files)
        text += one.path + " ";
    for (const InstalledFile& one : made.retired)
        text += "(" + one.path + ") ";
    return text;
}

TEST(Ownership, AMarkerIsReadWithoutWhatOthersWantOrHave) {
    const Owners owners = find_owners({claim("a", wanted), claim("a", installed),
                                       claim("a", wanted, Standing::present, "/y"),
                                       claim("b", wanted, Standing::present, "/z")});
    const Marker before = marker("b", {"/x", "/y", "/z"}, {"/bin/old"});
    EXPECT_EQ(in_words(narrowed(before, owners, file_at)), "/z (/bin/old) (/y) ")
        << "/y is not forgotten before 'a' has it";
    EXPECT_EQ(in_words(settled(before, owners, file_at)), "/y /z (/bin/old) ")
        << "on disk it loses only what 'a' has";
    EXPECT_EQ(in_words(narrowed(marker("a", {"/x", "/y"}), owners, file_at)), "/x /y ");
}

TEST(Ownership, WhatIsGivenUpIsRemovedOnceAndOnlyByItsOwner) {
    Owners owners = find_owners({
        claim("a", wanted, Standing::present, "/a-wants"),
        claim("a", wanted, Standing::present, "/a-has"),
        claim("a", installed, Standing::present, "/a-has"),
        claim("b", wanted, Standing::present, "/usr/bin/tool"),
        claim("b", installed, Standing::present, "/bin/tool"),
        claim("b", installed, Standing::present, "/gone"),
        claim("a", retired, Standing::present, "/both"),
        claim("b", retired, Standing::present, "/both"),
    });
    owners.note_installed("b", {file_at("/gone"), file_at("/bin/tool")},
                          {file_at("/usr/bin/tool")});
    const Marker made = marker("b", {"/usr/bin/tool"});
    const auto fate = [&](const std::string& path) {
        return fate_of(file(path), made, owners.find(file_at(path)), GoingBack::no);
    };
    EXPECT_EQ(fate("/gone"), Fate::remove);
    EXPECT_EQ(fate("/a-wants"), Fate::keep);
    EXPECT_EQ(fate("/a-has"), Fate::forget);
    EXPECT_EQ(fate("/bin/tool"), Fate::forget) << "it is the same file as /usr/bin/tool";
    EXPECT_EQ(fate("/both"), Fate::forget) << "'a' removes it";
    EXPECT_EQ(fate("/nobody"), Fate::remove);
}

TEST(Ownership, WhatOnlyAbsentOnesHaveIsRemovedByWhoeverInstalledIt) {
    const Owners owners =
        find_owners({claim("a", installed, Standing::absent),
                     claim("b", installed, Standing::absent), claim("c", retired)});
    EXPECT_EQ(in_words(owners.find(file_at("/x"))), "a has");
    EXPECT_EQ(in_words(narrowed(marker("b", {"/x"}), owners, file_at)), "/x ");
    EXPECT_EQ(in_words(settled(marker("c", {}, {"/x"}), owners, file_at)), "(/x) ");
    EXPECT_EQ(fate_of(file("/x"), marker("c", {}), owners.find(file_at("/x")), GoingBack::no),
              Fate::remove);
}

TEST(Ownership, WhoGoesBackRemovesWhatIsNewButNotWhatItTookOver) {
    const Owners owners = find_owners({claim("b", wanted), claim("b", wanted, {}, "/y")});
    Marker made = marker("b", {});
    made.adopted = {"/y"};
    const auto fate = [&](const std::string& path, GoingBack going_back) {
        return fate_of(file(path), made, owners.find(file_at(path)), going_back);
    };
    EXPECT_EQ(fate("/x", GoingBack::yes), Fate::remove);
    EXPECT_EQ(fate("/y", GoingBack::yes), Fate::keep);
    EXPECT_EQ(fate("/x", GoingBack::no), Fate::keep) << "its manifest wants it";
}

TEST(Ownership, WhoGoesBackLeavesWhatAnotherOneWants) {
    const Owners owners =
        find_owners({claim("b", installed, Standing::on_hold), claim("c", wanted),
                     claim("b", wanted, {}, "/y"), claim("b", installed, {}, "/y"),
                     claim("c", wanted, {}, "/y"), claim("b", installed, Standing::on_hold, "/z")});
    Owners after = owners;
    after.note_installed("b", {file_at("/x"), file_at("/y"), file_at("/z")}, {});
    const auto fate = [&](const std::string& path) {
        return fate_of(file(path), marker("b", {}), after.find(file_at(path)), GoingBack::yes);
    };
    EXPECT_EQ(fate("/x"), Fate::keep);
    EXPECT_EQ(fate("/y"), Fate::keep);
    EXPECT_EQ(fate("/z"), Fate::remove) << "nobody else wants it";
}

TEST(Ownership, ARefusalSaysWhatToDo) {
    EXPECT_EQ(describe({"a", "/x", "b", "/x", Why::taken}),
              "'/x' belongs to component 'b'; two components cannot share a file");
    EXPECT_EQ(describe({"a", "/x", "b", "/x", Why::on_hold}),
              "operator: '/x' belongs to 'b', which is on hold; `provisor release b`");
    EXPECT_EQ(describe({"a", "/x", "b", "/x", Why::unreadable}),
              "'/x' belongs to component 'b', which may be in a manifest that has errors; correct "
              "that first (`provisor check`)");
}

TEST(Ownership, TenThousandFilesTakeNoTime) {
    std::vector<Claim> claims;
    for (int i = 0; i < 10'000; ++i)
        for (const Kind kind : {wanted, installed})
            claims.push_back(claim("component-" + std::to_string(i), kind, Standing::present,
                                   "/usr/bin/tool-" + std::to_string(i)));
    const Owners owners = find_owners(std::move(claims));
    EXPECT_FALSE(owners.any_shared());
    EXPECT_EQ(in_words(owners.find(file_at("/bin/tool-77"))), "component-77 wants has");
}

} // namespace
} // namespace provisor
