// SPDX-License-Identifier: Apache-2.0
// Row 110 of the fault matrix with everything real but the service manager: an update whose health
// address misbehaves in every way is taken back at its timeout, a second more or less.
#include "fakes/fake_journal.hpp"
#include "fakes/fake_units.hpp"
#include "fakes/package_database.hpp"
#include "local/fetch/rig.hpp"
#include "pass/pass.hpp"
#include "support/temporary_folder.hpp"
#include "support/within.hpp"

#include <gmock/gmock.h>
#include <thread>

namespace provisor::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds timeout(1500);

struct Row110 {
    const char* name;
    const char* behavior; ///< of the health page; "": nobody listens where the tcp probe connects
    const char* says;
};

class HealthRows : public testing::TestWithParam<Row110> {
protected:
    static void SetUpTestSuite() { hide_package_databases_as_root(); }
    HealthRows() {
        paths.state_dir = folder / "state";
        paths.run_dir = folder / "run";
        paths.unit_dir = (folder / "units").string();
        std::filesystem::create_directories(folder / "run");
        config.retry.first = Duration::zero();
        units.add("app.service");
    }
    void publish(int version, const std::string& health) {
        origin.serve("/app", page("#!/bin/sh\necho " + std::to_string(version) + "\n",
                                  "\"" + std::to_string(version) + "\""));
        origin.serve("/health", page("ok", "", health));
        // What is back is healthy again.
        units.before_job = [this, health](const UnitJob&) {
            const bool new_one = read_text(folder / "app").find("echo 2") != std::string::npos;
            origin.serve("/health", page("ok", "", new_one ? health : ""));
        };
    }
    Component wanted(const std::string& version) const {
        Component component;
        component.name = "app";
        component.version = version;
        component.url = origin.url("/app");
        component.files = {{"", (folder / "app").string(), 0755, std::to_string(::geteuid()),
                            std::to_string(::getegid())}};
        UnitSpec unit;
        unit.name = "app.service";
        component.units = {unit};
        component.health.settle = Duration::zero();
        component.health.timeout = timeout;
        component.health.http = origin.url("/health?token=canary");
        return component;
    }
    Outcome run_one(const Component& component) {
        FetchTransfer transfer(PROVISOR_FETCH, config);
        Settings settings;
        settings.config = config;
        settings.components = {component};
        Progress progress;
        return run_pass(settings, paths, {}, {transfer, units, journal, interrupt, progress})
            .components.at(0);
    }
    std::size_t bodies() const {
        std::size_t count = 0;
        for (const Exchange& one : origin.log())
            count += one.request.path == "/app" && one.body_bytes > 0 ? 1 : 0;
        return count;
    }

    TemporaryFolder folder;
    Paths paths;
    AgentConfig config = test_config();
    Origin origin;
    FakeUnits units;
    FakeJournal journal;
    Interrupt interrupt;
};

TEST_P(HealthRows, LeadBackAtTheTimeoutWithoutATransfer) {
    const Row110& row = GetParam();
    const std::string behavior = row.behavior;
    publish(1, "");
    const Outcome first = run_one(wanted("1"));
    ASSERT_FALSE(first.error) << first.error->what();
    publish(2, behavior);
    Component component = wanted("2");
    if (behavior.empty()) {
        // A port that was just free.
        component.health.tcp = "127.0.0.1:" + std::to_string(Origin().port());
        component.health.http.clear();
    }
    const auto begun = Clock::now();
    Clock::time_point back = begun;
    const auto arrange = units.before_job;
    units.before_job = [&](const UnitJob& job) {
        back = Clock::now();
        arrange(job);
    };
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "rollback") << outcome.reason;
    EXPECT_GE(back - begun, timeout - milliseconds(1000));
    EXPECT_LT(back - begun, timeout + within(milliseconds(1000)));
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_THAT(outcome.error->what(), HasSubstr("app.service runs, but "));
    EXPECT_THAT(outcome.error->what(), HasSubstr(row.says));
    EXPECT_EQ(std::string(outcome.error->what()).find("canary"), std::string::npos);
    EXPECT_EQ(read_text(folder / "app"), "#!/bin/sh\necho 1\n");
    EXPECT_EQ(units.jobs_on("app.service"),
              (std::vector<std::string>{"start", "restart", "restart"}));
    EXPECT_EQ(bodies(), 2U) << "none for the way back";
    units.forget_calls();
    EXPECT_EQ(to_string(run_one(component).decision), "hold");
    EXPECT_TRUE(units.jobs().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Row110, HealthRows,
    testing::Values(Row110{"Http500", "status=500", "/health?token=… answers 500 after"},
                    Row110{"Hang", "hang", "/health?token=… does not answer within"},
                    Row110{"Redirect", "redirto=/app",
                           "answers 302, and a probe follows no redirect"},
                    Row110{"DripOfHeaders", "slowhdr", "does not answer within"},
                    Row110{"NoAnswer", "close0", "ends the connection without an answer"},
                    Row110{"TcpRefused", "", " refuses connections after"}),
    [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor::test
