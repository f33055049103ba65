// SPDX-License-Identifier: Apache-2.0
// What `status`, `show` and `history` know of each component.
#include "cli/overview.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "store/component_store.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class OverviewTest : public testing::Test {
protected:
    OverviewTest() {
        context.paths.root = folder.path();
        context.paths.state_dir = folder / "state";
        context.paths.run_dir = folder / "run";
        context.paths.unit_dir = "/etc/systemd/system";
        std::filesystem::create_directories(context.paths.run_dir);
    }
    void install(const std::string& name) {
        Marker marker;
        marker.component = name;
        marker.artifact = sha256_of(name);
        marker.files = {
            {"/etc/systemd/system/" + name + ".service", sha256_of(""), 0644, "root", "root"},
            {"/opt/" + name, marker.artifact, 0755, "root", "root"}};
        ComponentStore store(context.paths.state_dir);
        store.write_installed(marker);
        Record record;
        record.remember({WallTime{}, Decision::install, "1.0", marker.artifact, "", "", ""});
        store.write_record(name, record);
    }
    Overview look(const std::string& name) {
        return gather_overviews(context, settings, {name}).at(0);
    }

    TemporaryFolder folder;
    Interrupt interrupt;
    Context context{{}, {}, {}, interrupt};
    Settings settings;
};

TEST_F(OverviewTest, WhatNoManifestNamesIsOrphanedAndSaysWhatToType) {
    install("app");
    Overview overview = look("app");
    EXPECT_TRUE(overview.orphaned);
    EXPECT_EQ(overview.state, "installed");
    EXPECT_EQ(overview.version(), "1.0");
    EXPECT_THAT(overview.last_decision(), StartsWith("orphaned: "));
    EXPECT_THAT(overview.last_decision(), HasSubstr("`provisor remove app`"));
    ASSERT_EQ(overview.units.size(), 1U);
    EXPECT_EQ(overview.units[0].name, "app.service");
    EXPECT_EQ(gather_overviews(context, settings, {}).size(), 1U) << "it is in the table, too";
}

TEST_F(OverviewTest, WhatAKeySignedThatIsGoneIsAnError) {
    install("app");
    ComponentStore store(context.paths.state_dir);
    Marker marker = *store.installed("app");
    marker.signed_by = "0123456789ABCDEF";
    store.write_installed(marker);
    context.paths.keys_dir = folder / "keys.d";
    Component component;
    component.name = "app";
    settings.components = {component};
    const Overview overview = look("app");
    EXPECT_EQ(overview.state, "error");
    EXPECT_EQ(overview.untrusted, "1.0 (" + marker.artifact.substr(0, 12) +
                                      ") was signed by key 0123456789ABCDEF, which is not trusted "
                                      "any more");
    EXPECT_THAT(overview.last_decision(), StartsWith(overview.untrusted + "; install: "));
    store.write_hold("app", "audit");
    EXPECT_EQ(look("app").state, "error") << "also while it is held";
}

TEST_F(OverviewTest, AnOrphanHasNoTroubleOfBefore) {
    install("app");
    write_text(folder / "run/troubles.json",
               R"({"schema":1,"components":{"app":{"decision":"fail","reason":"HTTP 503",)"
               R"("kind":"http","since":"2026-01-01T00:00:00Z"}}})");
    EXPECT_FALSE(look("app").trouble);
    Component component;
    component.name = "app";
    settings.components = {component};
    EXPECT_EQ(look("app").last_decision(), "fail: HTTP 503");
}

TEST_F(OverviewTest, ALongReasonDoesNotHideTheNextTry) {
    write_text(folder / "run/troubles.json",
               R"({"schema":1,"components":{"app":{"decision":"fail","reason":")" +
                   std::string(300, 'x') +
                   R"(","kind":"http","since":"2026-01-01T00:00:00Z",)"
                   R"("next_try":"2026-01-02T00:00:00Z"}}})");
    Component component;
    component.name = "app";
    settings.components = {component};
    EXPECT_EQ(look("app").last_decision(100),
              "fail: " + std::string(100, 'x') + "…; next try at 2026-01-02T00:00:00Z");
    EXPECT_EQ(look("app").last_decision(),
              "fail: " + std::string(300, 'x') + "; next try at 2026-01-02T00:00:00Z");
}

TEST_F(OverviewTest, TheLastCheckIsTheLastPassUnlessItCouldNotBeMade) {
    install("app");
    Component component;
    component.name = "app";
    settings.components = {component};
    settings.config.max_age = std::chrono::hours(24);
    EXPECT_FALSE(look("app").last_check) << "no pass was made";
    write_text(folder / "run/last-pass", "");
    ASSERT_TRUE(look("app").last_check);
    EXPECT_EQ(look("app").overdue, "");
    write_text(folder / "run/troubles.json",
               R"({"schema":1,"components":{"app":{"decision":"fail","reason":"HTTP 503",)"
               R"("kind":"http","since":"2026-01-02T00:00:00Z","unchecked":true,)"
               R"("last_check":"2026-01-01T00:00:00Z"}}})");
    const Overview overview = look("app");
    EXPECT_EQ(format_rfc3339(overview.last_check.value()), "2026-01-01T00:00:00Z");
    EXPECT_EQ(overview.overdue,
              "not checked with its origin since 2026-01-01T00:00:00Z, longer than max_age (1d)");
    settings.config.max_age = Duration::zero();
    EXPECT_EQ(look("app").overdue, "");
}

TEST_F(OverviewTest, HowLongAgoTheOriginsWereAskedIsToldAndWhichOfThemFailed) {
    for (const char* name : {"app", "late", "new"}) {
        install(name);
        settings.components.emplace_back().name = name;
    }
    const auto told = [&] {
        return describe_checks(gather_overviews(context, settings, {}), wall_clock());
    };
    EXPECT_EQ(told(), "") << "no pass was made";
    write_text(folder / "run/last-pass", "");
    std::filesystem::last_write_time(folder / "run/last-pass",
                                     std::filesystem::file_time_type::clock::now() -
                                         std::chrono::minutes(3));
    EXPECT_THAT(told(), testing::MatchesRegex("Checked with their origins 3min( [0-9]s)? ago\\."));
    const std::string yesterday = format_rfc3339(wall_clock() - std::chrono::hours(24));
    write_text(folder / "run/troubles.json",
               R"({"schema":1,"components":{"late":{"decision":"fail","reason":"HTTP 503",)"
               R"("kind":"http","since":"2026-01-02T00:00:00Z","unchecked":true,"last_check":")" +
                   yesterday +
                   R"("},"new":{"decision":"fail","reason":"HTTP 503","kind":"http",)"
                   R"("since":"2026-01-02T00:00:00Z","unchecked":true}}})");
    EXPECT_THAT(told(), testing::MatchesRegex("Checked with their origins 3min( [0-9]s)? ago, but "
                                              "for late \\(1d( [0-9]s)? ago\\) and new "
                                              "\\(not known when\\)\\."));
}

TEST_F(OverviewTest, ARenamedComponentIsNoneToBeRemoved) {
    install("old");
    Component& renamed = settings.components.emplace_back();
    renamed.name = "new";
    renamed.files.emplace_back().path = "/opt/old";
    EXPECT_THAT(look("old").last_decision(), StartsWith("orphaned: ")) << "not all of it is taken";
    renamed.units.emplace_back().name = "old.service";
    renamed.units[0].file = "[Service]\n";
    EXPECT_EQ(look("old").last_decision(), "renamed: its files belong to 'new' now; nothing to do");
}

TEST_F(OverviewTest, WhatABrokenManifestMayNameIsNoOrphan) {
    install("app");
    settings.failed_files = {"/etc/provisor/components.d/app.yaml"};
    const Overview overview = look("app");
    EXPECT_FALSE(overview.orphaned);
    EXPECT_THAT(overview.last_decision(), StartsWith("not looked after: its manifest may be one"));
}

TEST_F(OverviewTest, WhatWasRemovedIsKnownByItsNameAlone) {
    install("app");
    ComponentStore(context.paths.state_dir).remove_markers("app");
    const Overview overview = look("app");
    EXPECT_FALSE(overview.orphaned);
    EXPECT_EQ(overview.state, "not-installed");
    EXPECT_EQ(overview.record.history.size(), 1U);
    EXPECT_TRUE(gather_overviews(context, settings, {}).empty());
    EXPECT_THROW(look("never"), Error);
    EXPECT_THROW(look("../etc"), Error);
}

} // namespace
} // namespace provisor::test
