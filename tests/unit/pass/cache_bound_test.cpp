// SPDX-License-Identifier: Apache-2.0
// What the cache holds while a component is held back, and under a cap.
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::UnorderedElementsAreArray;

class CacheBoundTest : public testing::Test, public FakeMachine {
protected:
    CacheBoundTest() {
        units.add("app.service");
        units.before_job = [this](const UnitJob& job) {
            units.behave(job.unit, target().find("bad") == std::string::npos
                                       ? Behaviour::healthy
                                       : Behaviour::crashes_on_start);
        };
        publish_version("1");
        EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "install");
    }
    void publish_version(const std::string& version) {
        publish(content(version), "\"" + version + "\"");
    }
    /// 4 KiB, all in all.
    static std::string content(const std::string& version) {
        std::string text = script(version);
        return text + std::string(4096 - text.size(), '#');
    }
    Component outside_of_its_window() {
        Component component = app_with_unit();
        const WallTime later = wall_clock() + 2h;
        const auto time = [](WallTime when) { return format_rfc3339(when).substr(11, 8); };
        component.windows = {parse_window(time(later) + "-" + time(later + 1h) + " UTC").window};
        return component;
    }
    void expect_blobs(const std::vector<std::string>& versions) {
        std::vector<std::string> digests;
        for (const std::string& version : versions)
            digests.push_back(sha256_of(content(version)));
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(paths.state_dir / "cache/blobs"))
            found.push_back(entry.path().filename());
        EXPECT_THAT(found, UnorderedElementsAreArray(digests));
    }
    void leave_something_behind() { write_text(blob(content("stray")), content("stray")); }
};

TEST_F(CacheBoundTest, AComponentThatWaitsForItsWindowHasWhatIsInstalledAndTheNewest) {
    for (const char* version : {"2", "3", "4", "5", "6", "7"}) {
        publish_version(version);
        EXPECT_EQ(to_string(run_one(outside_of_its_window()).decision), "hold");
        expect_blobs({"1", version});
    }
    const unsigned bodies = origin.bodies;
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "update");
    EXPECT_EQ(origin.bodies, bodies) << "the newest was there";
    EXPECT_EQ(target(), content("7"));
}

TEST_F(CacheBoundTest, SoHasOneWhoseUpdatesAreUnhealthy) {
    config.cache.keep_versions = 1;
    for (const char* version : {"bad 2", "bad 3", "bad 4", "bad 5"}) {
        publish_version(version);
        EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "rollback");
        expect_blobs({"1", version});
        EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "hold");
        expect_blobs({"1", version});
    }
}

TEST_F(CacheBoundTest, SoHasOneWhoseVersionIsInItsUrl) {
    for (const char* version : {"2", "3", "4"}) {
        Component component = outside_of_its_window();
        component.url = std::string(app_url) + "/" + version;
        publish(content(version), "\"1\"", component.url);
        EXPECT_EQ(to_string(run_one(component).decision), "hold");
        expect_blobs({"1", version});
    }
}

TEST_F(CacheBoundTest, SoHasOneThatIsOnlyPlanned) {
    PassOptions plan;
    plan.dry_run = true;
    for (const char* version : {"2", "3", "4"}) {
        publish_version(version);
        EXPECT_EQ(to_string(run_one(app_with_unit(), plan).decision), "update");
        expect_blobs({"1", version});
    }
    EXPECT_EQ(target(), content("1"));
}

TEST_F(CacheBoundTest, AnUnchangedPassDoesNotWalkIt) {
    leave_something_behind();
    const auto before = list_tree(paths.state_dir);
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "unchanged");
    EXPECT_EQ(list_tree(paths.state_dir), before);
    publish_version("2");
    run_one(outside_of_its_window());
    expect_blobs({"1", "2"});
    leave_something_behind();
    const auto held = list_tree(paths.state_dir);
    run_one(outside_of_its_window());
    EXPECT_EQ(list_tree(paths.state_dir), held) << "nothing came";
}

TEST_F(CacheBoundTest, APassWithoutRoomMakesSome) {
    leave_something_behind();
    publish_version("2");
    origin.pages.at(app_url).troubles = {Error(ErrorKind::space, "no room")};
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "fail");
    expect_blobs({"1"});
}

TEST_F(CacheBoundTest, UnderACapTheOldestGoFirstAndTheWayBackNever) {
    for (const char* version : {"2", "3", "4"}) {
        publish_version(version);
        EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "update");
    }
    expect_blobs({"1", "2", "3", "4"});
    config.cache.max_size = 4 * 4096 - 1;
    publish_version("5");
    run_one(app_with_unit());
    expect_blobs({"3", "4", "5"});
    // Less than what is needed: the two that are stay, and nothing is transferred for it.
    config.cache.max_size = 1;
    publish_version("6");
    run_one(app_with_unit());
    expect_blobs({"5", "6"});
    const unsigned bodies = origin.bodies;
    const auto before = list_tree(paths.state_dir);
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "unchanged");
    EXPECT_EQ(origin.bodies, bodies);
    EXPECT_EQ(list_tree(paths.state_dir), before);
    publish_version("bad 7");
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "rollback");
    EXPECT_EQ(target(), content("6"));
    EXPECT_EQ(to_string(run_one(app_with_unit()).decision), "hold");
    EXPECT_EQ(origin.bodies, bodies + 1) << "what is quarantined is known by its record";
}

} // namespace
} // namespace provisor::test
