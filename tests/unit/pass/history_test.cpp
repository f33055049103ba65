// SPDX-License-Identifier: Apache-2.0
// The history knows of everything that was put in place, wherever a crash cut the pass off.
#include "fakes/fake_machine.hpp"

#include "journal/message_ids.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

class HistoryTest : public testing::Test, public FakeMachine {
protected:
    HistoryTest() {
        units.add("app.service");
        publish(script("one"), "\"1\"");
        run_one(wanted("1.0"));
    }
    Component wanted(const std::string& version) {
        Component component = app_with_unit();
        component.version = version;
        return component;
    }
    Record record() const { return ComponentStore(paths.state_dir).record("app"); }
    std::string history() const {
        std::string text;
        for (const HistoryEntry& entry : record().history)
            text += std::string(to_string(entry.decision)) + " " + entry.version + ", ";
        return text;
    }
    /// Cut off at its first unit job.
    void cut_off(const std::string& version) {
        publish(script(version), "\"" + version + "\"");
        units.before_job = [](const UnitJob&) { throw Interrupted(); };
        EXPECT_THROW(run_one(wanted(version)), Interrupted);
        units.before_job = nullptr;
    }
};

TEST_F(HistoryTest, HasAnUpdateBeforeItsUnitsAreActedOn) {
    cut_off("1.1");
    EXPECT_EQ(history(), "install 1.0, update 1.1, ");
    EXPECT_EQ(record().highest_version, "1.1") << "or an older one would be no downgrade";
    run_one(wanted("1.1"));
    EXPECT_EQ(history(), "install 1.0, update 1.1, ") << "once";
}

TEST_F(HistoryTest, IsCompletedAfterACrashBetweenMarkerAndRecord) {
    const Record before = record();
    cut_off("1.1");
    ComponentStore(paths.state_dir).write_record("app", before);
    run_one(wanted("1.1"));
    EXPECT_EQ(history(), "install 1.0, update 1.1, ");
    EXPECT_EQ(record().history.back().reason, "found in place after a crash");
    EXPECT_EQ(record().highest_version, "1.1");
    run_one(wanted("1.1"));
    EXPECT_EQ(history(), "install 1.0, update 1.1, ") << "once";
}

TEST_F(HistoryTest, TellsWhyARollbackWasMadeThatACrashCutOff) {
    int jobs = 0;
    publish(script("bad"), "\"bad\"");
    units.before_job = [&](const UnitJob& job) {
        if (jobs++ == 1)
            throw Interrupted();
        units.behave(job.unit,
                     target() == script("bad") ? Behaviour::crashes_on_start : Behaviour::healthy);
    };
    EXPECT_THROW(run_one(wanted("1.1")), Interrupted);
    EXPECT_EQ(history(), "install 1.0, update 1.1, rollback 1.0, ");

    // And where the power went before that was written.
    Record cut = record();
    cut.history.pop_back();
    ComponentStore(paths.state_dir).write_record("app", cut);
    run_one(wanted("1.1"));
    EXPECT_THAT(journal.with_id(message_id::unit_action).back().message,
                HasSubstr("because app is now 1.0 ("));
    EXPECT_EQ(history(), "install 1.0, update 1.1, rollback 1.0, ");
    EXPECT_THAT(record().history.back().reason, HasSubstr("app.service is not healthy"));
    EXPECT_EQ(target(), script("one"));
    run_one(wanted("1.1"));
    EXPECT_EQ(history(), "install 1.0, update 1.1, rollback 1.0, ") << "once";
}

} // namespace
} // namespace provisor::test
