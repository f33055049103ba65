// SPDX-License-Identifier: Apache-2.0
// What comes after something waits until that is well.
#include "fakes/fake_machine.hpp"

#include "journal/message_ids.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;
using Words = std::vector<std::string>;

class OrderTest : public testing::Test, public FakeMachine {
protected:
    /// A component with a unit of its own, at the origin as https://origin/NAME.
    Component component(const std::string& name, const std::string& version,
                        const std::vector<std::string>& after = {}) {
        Component made = app_with_unit();
        made.name = name;
        made.version = version;
        made.url = "https://origin/" + name;
        made.files[0].path = (folder / "bin" / name).string();
        made.units[0].name = name + ".service";
        made.after = after;
        publish(script(name + version), "\"" + version + "\"", made.url);
        return made;
    }
    std::vector<Component> all(const std::string& version) {
        return {component("db", version), component("web", version, {"db"}),
                component("edge", version, {"web"}), component("other", version)};
    }
    void SetUp() override {
        for (const char* name : {"db", "web", "edge", "other"})
            units.add(std::string(name) + ".service");
        for (const Outcome& outcome : run(all("1.0")).components)
            ASSERT_EQ(outcome.decision, Decision::install) << outcome.name << outcome.reason;
        units.forget_calls();
        journal.clear();
    }
    std::string installed(const std::string& name) const {
        return read_text(folder / "bin" / name);
    }
    static std::string decisions(const PassReport& report) {
        std::string words;
        for (const Outcome& outcome : report.components)
            words += std::string(to_string(outcome.decision)) + " ";
        return words;
    }
    void expect_others_untouched() {
        EXPECT_EQ(installed("web"), script("web1.0"));
        EXPECT_EQ(installed("edge"), script("edge1.0"));
        EXPECT_EQ(installed("other"), script("other1.1"));
        EXPECT_TRUE(units.jobs_on("web.service").empty());
        EXPECT_TRUE(units.jobs_on("edge.service").empty());
        EXPECT_EQ(units.jobs_on("other.service"), Words{"restart"});
    }
};

TEST_F(OrderTest, EachIsHealthyBeforeTheNextOneIsTouched) {
    std::string seen;
    units.before_job = [&](const UnitJob& job) {
        if (job.unit == "db.service")
            seen = installed("web");
    };
    EXPECT_EQ(decisions(run(all("1.1"))), "update update update update ");
    EXPECT_EQ(seen, script("web1.0")) << "web was replaced before db was restarted";
    EXPECT_EQ(installed("edge"), script("edge1.1"));
    EXPECT_EQ(units.jobs().size(), 4U);
}

TEST_F(OrderTest, OneThatCannotBeHadHoldsThoseAfterIt) {
    std::vector<Component> wanted = all("1.1");
    origin.pages.erase("https://origin/db");
    const PassReport report = run(wanted);
    EXPECT_EQ(decisions(report), "fail hold hold update ");
    EXPECT_THAT(report.components[1].reason, StartsWith("after: db failed: "));
    EXPECT_THAT(report.components[1].reason, HasSubstr("HTTP 404"));
    EXPECT_THAT(report.components[2].reason, StartsWith("after: web is held: after: db failed: "));
    EXPECT_FALSE(report.components[1].error);
    expect_others_untouched();
    wanted = all("1.1");
    EXPECT_EQ(decisions(run(wanted)), "update update update unchanged ");
}

TEST_F(OrderTest, OneThatIsNotHealthyHoldsThoseAfterIt) {
    units.behave("db.service", Behaviour::crashes_on_start);
    const PassReport report = run(all("1.1"));
    EXPECT_EQ(decisions(report), "rollback hold hold update ");
    EXPECT_THAT(report.components[1].reason, StartsWith("after: db failed: 1.1 ("));
    EXPECT_EQ(installed("db"), script("db1.0"));
    expect_others_untouched();
    EXPECT_EQ(decisions(run(all("1.1"))), "hold hold hold unchanged ") << "db is quarantined";
    units.behave("db.service", Behaviour::healthy);
    EXPECT_EQ(decisions(run(all("1.2"))), "update update update update ");
}

TEST_F(OrderTest, OneThatIsHeldByAnOperatorHoldsThoseAfterIt) {
    ComponentStore(paths.state_dir).write_hold("db", "audit");
    const PassReport report = run(all("1.1"));
    EXPECT_EQ(decisions(report), "hold hold hold update ");
    EXPECT_THAT(report.components[1].reason, StartsWith("after: db is held: operator: audit"));
    expect_others_untouched();
}

TEST_F(OrderTest, OneThatIsUnchangedHoldsNobody) {
    run(all("1.1"));
    std::vector<Component> wanted = all("1.1");
    wanted[2] = component("edge", "1.2", {"web"});
    units.forget_calls();
    EXPECT_EQ(decisions(run(wanted)), "unchanged unchanged update unchanged ");
    EXPECT_EQ(units.jobs().size(), 1U);
}

TEST_F(OrderTest, ADamagedFileIsRepairedWhateverIsBefore) {
    origin.pages.erase("https://origin/db");
    write_text(folder / "bin/web", "by hand");
    std::vector<Component> wanted = all("1.0");
    origin.pages.erase("https://origin/db");
    EXPECT_EQ(decisions(run(wanted)), "fail repair unchanged unchanged ");
    EXPECT_EQ(installed("web"), script("web1.0"));
}

TEST_F(OrderTest, AHoldBecauseOfAnotherIsToldOnceAndWritesNothing) {
    config.retry.first = config.retry.max = std::chrono::hours(1);
    std::vector<Component> wanted = all("1.1");
    origin.pages.erase("https://origin/db");
    origin.pages["https://origin/db"].status = 503;
    origin.pages["https://origin/db"].retry_after = std::chrono::minutes(30);
    const PassReport report = run(wanted);
    EXPECT_EQ(report.components[1].next_try, report.components[0].next_try);
    ASSERT_TRUE(report.components[1].next_try);
    const auto before = list_tree(folder.path());
    run(wanted);
    run(wanted);
    EXPECT_EQ(list_tree(folder.path()), before);
    const auto told = journal.with_id(message_id::hold);
    EXPECT_EQ(
        std::count_if(told.begin(), told.end(),
                      [](const JournalEntry& entry) { return entry.priority != Priority::debug; }),
        2)
        << "web and edge, once each";
}

TEST_F(OrderTest, APassOverOneGoesByWhatTheLastOneFoundOfTheOthers) {
    std::vector<Component> wanted = all("1.1");
    origin.pages.erase("https://origin/db");
    run({wanted[0], wanted[3]});
    PassOptions only_web;
    only_web.names = {"web"};
    Outcome outcome = run(wanted, only_web).components.at(0);
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, StartsWith("after: db failed: "));
    EXPECT_EQ(installed("web"), script("web1.0"));
    wanted = all("1.1");
    run({wanted[0]});
    outcome = run(wanted, only_web).components.at(0);
    EXPECT_EQ(to_string(outcome.decision), "update");
}

TEST_F(OrderTest, APassOverOneDoesNotInstallItBeforeWhatItComesAfter) {
    const std::vector<Component> wanted{component("base", "1.0"),
                                        component("app", "1.0", {"base"})};
    units.add("base.service");
    units.add("app.service");
    PassOptions only_app;
    only_app.names = {"app"};
    const Outcome outcome = run(wanted, only_app).components.at(0);
    EXPECT_EQ(outcome.reason, "after: base is not installed");
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    Component gone = wanted[0];
    gone.state = WantedState::absent;
    EXPECT_EQ(to_string(run({gone, wanted[1]}, only_app).components.at(0).decision), "install");
}

TEST_F(OrderTest, AUnitThatBothShareIsActedOnOnceAndAfterBoth) {
    std::vector<Component> wanted{component("db", "1.1"), component("web", "1.1", {"db"}),
                                  component("edge", "1.1", {"web"})};
    wanted[1].units = wanted[0].units;
    std::string seen;
    units.before_job = [&](const UnitJob& job) {
        if (job.unit == "db.service")
            seen = installed("web");
    };
    EXPECT_EQ(decisions(run(wanted)), "update update update ");
    EXPECT_EQ(units.jobs_on("db.service"), Words{"restart"});
    EXPECT_EQ(seen, script("web1.1"));
}

TEST_F(OrderTest, SharersOnBothSidesOfAnotherDoNotGoInCircles) {
    std::vector<Component> wanted{component("db", "1.1"), component("web", "1.1", {"db"}),
                                  component("edge", "1.1", {"web"})};
    wanted[2].units = wanted[0].units; // db and edge, with web in between
    EXPECT_EQ(decisions(run(wanted)), "update update update ");
    EXPECT_EQ(installed("edge"), script("edge1.1"));
}

TEST_F(OrderTest, APlanSaysWhatWouldBeHeld) {
    std::vector<Component> wanted = all("1.1");
    origin.pages.erase("https://origin/db");
    PassOptions plan;
    plan.dry_run = true;
    EXPECT_EQ(decisions(run(wanted, plan)), "fail hold hold update ");
    EXPECT_EQ(installed("other"), script("other1.0"));
}

} // namespace
} // namespace provisor::test
