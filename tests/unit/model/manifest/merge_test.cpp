// SPDX-License-Identifier: Apache-2.0
#include "model/manifest.hpp"

#include "model/placeholders.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

/// Manifests given as file name and text, merged in this order.
MergedManifests merge(const std::vector<SourceText>& sources, const std::string& unit_dir = {}) {
    std::vector<ParsedManifest> parsed;
    for (const SourceText& source : sources) {
        parsed.push_back(parse_manifest(source, Facts{"x86_64", "", "linux"}));
        EXPECT_TRUE(parsed.back().errors.empty()) << to_text(parsed.back().errors.front());
    }
    return merge_manifests(parsed, unit_dir);
}

std::string component(const std::string& name, const std::string& more = "",
                      const std::string& path = "") {
    return "  " + name +
           ":\n    url: https://o/x\n    path: " + (path.empty() ? "/opt/" + name : path) + "\n" +
           more;
}

std::string file(const std::string& components) { return "components:\n" + components; }

std::string names(const MergedManifests& merged) {
    std::string all;
    for (const Component& one : merged.components)
        all += one.name + " ";
    return all;
}

TEST(Merge, OrdersByAfterAndThenByName) {
    EXPECT_EQ(names(merge({{"1", file(component("c", "    after: [d]\n") + component("b") +
                                      component("d"))},
                           {"2", file(component("a", "    after: [c]\n"))}})),
              "d c a b ");
}

TEST(Merge, ASecondComponentOfOneNameCostsTheLaterFile) {
    const auto merged = merge(
        {{"1", file(component("a"))}, {"2", file(component("a", "", "/opt/z") + component("b"))}});
    EXPECT_EQ(names(merged), "a ");
    ASSERT_EQ(merged.errors.size(), 1U);
    EXPECT_EQ(merged.errors[0].place, (SourcePlace{"2", 2, 3}));
    EXPECT_EQ(merged.errors[0].message, "component 'a': there is a component 'a' at 1:2 already");
}

TEST(Merge, OneTargetBelongsToOneComponent) {
    const auto merged = merge(
        {{"1", file(component("a", "", "/opt/x"))}, {"2", file(component("b", "", "/opt/x"))}});
    EXPECT_EQ(names(merged), "a ");
    EXPECT_EQ(merged.errors.at(0).message,
              "component 'b': '/opt/x' is a file of component 'a' at 1:2 already");
}

TEST(Merge, AnAbsentComponentDoesNotCollideWithTheOneThatTakesItsPath) {
    const std::string unit = "    units: [{name: x.service, file: \"[Service]\"}]\n";
    const std::string absent = "    state: absent\n";
    for (const bool first : {true, false}) {
        const auto merged =
            merge({{"1", file(component("a", unit + (first ? absent : ""), "/opt/x"))},
                   {"2", file(component("b", unit + (first ? "" : absent), "/opt/x"))}},
                  "/etc/systemd/system");
        EXPECT_EQ(names(merged), "a b ");
        EXPECT_TRUE(merged.errors.empty());
    }
}

TEST(Merge, AUnitFileIsAFileLikeAnyOther) {
    const auto merged = merge(
        {{"1", file(component("a", "", "/units/x.service"))},
         {"2", file(component("b", "    units: [{name: x.service, file: \"[Service]\"}]\n"))}},
        "/units");
    EXPECT_EQ(names(merged), "a ");
    EXPECT_EQ(merged.errors.at(0).message,
              "component 'b': '/units/x.service' is a file of component 'a' at 1:2 already");
    EXPECT_EQ(merged.errors.at(0).place.line, 5);
}

TEST(Merge, AFileCannotBeAFolderAsWell) {
    for (const auto& [one, other] :
         {std::pair("/opt/x", "/opt/x/y/z"), std::pair("/opt/x/y/z", "/opt/x")}) {
        const auto merged =
            merge({{"1", file(component("a", "", one))}, {"2", file(component("b", "", other))}});
        EXPECT_EQ(names(merged), "a ");
        EXPECT_EQ(merged.errors.at(0).message,
                  std::string("component 'b': '") + other + "' cannot be installed beside '" + one +
                      "' of component 'a' at 1:2: one of the two would have to be a directory");
    }
    EXPECT_EQ(names(merge({{"1", file(component("a", "", "/opt/x"))},
                           {"2", file(component("b", "", "/opt/xy/z"))}})),
              "a b ");
}

TEST(Merge, OneUnitFileBelongsToOneComponentButManyMayShareTheUnit) {
    const std::string with_file = "    units: [{name: x.service, file: \"[Service]\"}]\n";
    EXPECT_EQ(
        merge({{"1", file(component("a", with_file))}, {"2", file(component("b", with_file))}})
            .errors.size(),
        1U);
    const std::string shared = "    units: [{name: x.service}]\n";
    EXPECT_TRUE(merge({{"1", file(component("a", with_file))}, {"2", file(component("b", shared))}})
                    .errors.empty());
}

TEST(Merge, AfterMustNameAComponent) {
    const auto merged =
        merge({{"1", file(component("a", "    after: [nobody]\n"))}, {"2", file(component("b"))}});
    EXPECT_EQ(names(merged), "b ");
    EXPECT_EQ(merged.errors.at(0).message, "component 'a': after: there is no component 'nobody'");
}

TEST(Merge, ALostFileTakesThoseWithItThatComeAfterIt) {
    const auto merged = merge({{"1", file(component("a", "    after: [nobody]\n"))},
                               {"2", file(component("b", "    after: [a]\n"))},
                               {"3", file(component("c"))}});
    EXPECT_EQ(names(merged), "c ");
    EXPECT_EQ(merged.errors.size(), 2U);
}

TEST(Merge, ACircleIsShown) {
    const auto merged =
        merge({{"1", file(component("a", "    after: [b]\n") + component("b", "    after: [c]\n") +
                          component("c", "    after: [a]\n"))},
               {"2", file(component("d"))}});
    EXPECT_EQ(names(merged), "d ");
    EXPECT_EQ(merged.errors.at(0).message, "component 'a': after goes in a circle: a → b → c → a");
    EXPECT_EQ(merged.errors.at(0).place, (SourcePlace{"1", 5, 13})) << "where 'a' names 'b'";
}

/// Each component after the one before it. A recursive walk would take the whole stack.
std::string chain(int length, const std::string& first_after) {
    std::string text = component("c0", first_after);
    for (int i = 1; i < length; ++i)
        text += component("c" + std::to_string(i), "    after: [c" + std::to_string(i - 1) + "]\n");
    return file(text);
}

TEST(Merge, AChainOfAfterMayBeLong) {
    const auto merged = merge({{"1", chain(20'000, "")}});
    ASSERT_EQ(merged.components.size(), 20'000U);
    EXPECT_EQ(merged.components.front().name, "c0");
    EXPECT_EQ(merged.components.back().name, "c19999");
}

TEST(Merge, ALongCircleIsToldInALine) {
    const auto merged = merge({{"1", chain(20'000, "    after: [c19999]\n")}});
    EXPECT_TRUE(merged.components.empty());
    ASSERT_EQ(merged.errors.size(), 1U);
    EXPECT_EQ(merged.errors[0].message,
              "component 'c0': after goes in a circle: c0 → c19999 → c19998 → c19997 → c19996 → "
              "c19995 → c19994 → c19993 → c19992 → c19991 → … → c0");
}

TEST(Merge, ACollisionIsToldWhereItStandsAndASlipWithTheNearestName) {
    const std::string collision = component("b", "", "/opt/a");
    EXPECT_EQ(merge({{"1", file(component("a"))}, {"2", file(collision)}}).errors.at(0).place,
              (SourcePlace{"2", 4, 11}));
    EXPECT_EQ(merge({{"1", file(component("database") + component("a", "    after: [databse]\n"))}})
                  .errors.at(0)
                  .message,
              "component 'a': after: there is no component 'databse', did you mean 'database'?");
}

} // namespace
} // namespace provisor
