// SPDX-License-Identifier: Apache-2.0
#include "units/systemd_units.hpp"

#include "base/error.hpp"
#include "support/log_capture.hpp"
#include "support/temporary_folder.hpp"
#include "support/tree_listing.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

constexpr const char* wanted_link = "etc/systemd/system/multi-user.target.wants/app.service";

class OfflineUnits : public testing::Test {
protected:
    OfflineUnits() {
        fs::create_directories(root / "etc/systemd/system");
        fs::create_directories(root / "usr/lib/systemd/system");
    }
    void add_unit(const std::string& file, const std::string& install_section) {
        test::write_text(root / file, "[Service]\nExecStart=/bin/true\n" + install_section);
    }

    TemporaryFolder root;
    std::unique_ptr<UnitManager> units = make_offline_units(root.path());
};

TEST_F(OfflineUnits, EnablesAUnitOnceAsAFile) {
    add_unit("etc/systemd/system/app.service", "[Install]\nWantedBy=multi-user.target\n");
    EXPECT_EQ(units->state("app.service").unit_file_state, "disabled");
    const test::LogCapture log;
    EXPECT_TRUE(units->enable({"app.service"}));
    EXPECT_EQ(log.text(), "");
    EXPECT_EQ(fs::read_symlink(root / wanted_link), "/etc/systemd/system/app.service");
    EXPECT_EQ(units->state("app.service").unit_file_state, "enabled");
    EXPECT_FALSE(units->enable({"app.service"}));
}

TEST_F(OfflineUnits, SaysWhatSystemctlSaysOfAUnitThatIsNotThere) {
    try {
        units->enable({"nobody.service"});
        FAIL() << "a unit that is not there was enabled";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unit);
        EXPECT_NE(std::string(error.what()).find("nobody.service"), std::string::npos);
    }
}

TEST_F(OfflineUnits, ChangesNothingForAUnitWithoutInstallSection) {
    add_unit("etc/systemd/system/app.service", "");
    const test::LogCapture log;
    EXPECT_FALSE(units->enable({"app.service"}));
    EXPECT_FALSE(fs::exists(fs::symlink_status(root / wanted_link)));
    EXPECT_NE(log.text().find("enable app.service: there is no [Install] section, so nothing will "
                              "start it at boot"),
              std::string::npos)
        << log.text();
}

/// Below a root whose /etc is an absolute link, which systemctl would follow out of it.
TEST_F(OfflineUnits, EnableAndDisableBehindLinksOfTheImage) {
    const TemporaryFolder host;
    const fs::path data = root.path() / host.path().relative_path();
    add_unit("usr/lib/systemd/system/app.service", "[Install]\nWantedBy=multi-user.target\n"
                                                   "Alias=other.service\n");
    fs::create_directories(data);
    fs::rename(root / "etc", data / "etc");
    fs::create_symlink(host / "etc", root / "etc");
    fs::create_directories(host / "etc/systemd/system");
    const auto before = test::list_tree(host.path());
    const fs::path enabled = data / "etc/systemd/system";
    EXPECT_EQ(units->state("app.service").unit_file_state, "disabled");
    EXPECT_TRUE(units->enable({"app.service"}));
    EXPECT_EQ(fs::read_symlink(enabled / "multi-user.target.wants/app.service"),
              "/usr/lib/systemd/system/app.service");
    EXPECT_EQ(fs::read_symlink(enabled / "other.service"), "/usr/lib/systemd/system/app.service");
    EXPECT_EQ(units->state("app.service").unit_file_state, "enabled");
    EXPECT_FALSE(units->enable({"app.service"}));
    units->disable({"app.service"});
    EXPECT_TRUE(fs::is_empty(enabled)) << "nothing is left";
    try {
        units->enable({"nobody.service"});
        ADD_FAILURE() << "a unit that is not there was enabled";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("nobody.service"), std::string::npos);
        EXPECT_EQ(std::string(error.what()).find("provisor-units-"), std::string::npos);
    }
    EXPECT_EQ(test::list_tree(host.path()), before) << "systemctl was led out";
}

TEST_F(OfflineUnits, AreNotLedOutByALinkToTheFolderOfATarget) {
    const TemporaryFolder host;
    const fs::path wants = root.path() / (host / "wants").relative_path();
    fs::create_directories(wants);
    fs::create_directories(host / "wants");
    add_unit("usr/lib/systemd/system/app.service", "[Install]\nWantedBy=multi-user.target\n");
    fs::create_symlink(host / "wants", root / "etc/systemd/system/multi-user.target.wants");
    const auto before = test::list_tree(host.path());
    EXPECT_TRUE(units->enable({"app.service"}));
    EXPECT_TRUE(fs::is_symlink(wants / "app.service"));
    EXPECT_EQ(test::list_tree(host.path()), before);
    units->disable({"app.service"});
    EXPECT_FALSE(fs::is_symlink(wants / "app.service"));
}

TEST_F(OfflineUnits, StartsNothing) {
    add_unit("etc/systemd/system/app.service", "");
    const Interrupt interrupt;
    const auto results = units->run({{"app.service", UnitVerb::start}, {"x", UnitVerb::restart}},
                                    std::chrono::seconds(1), interrupt);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].result, "skipped");
    EXPECT_EQ(results[1].result, "skipped");
    units->daemon_reload();
    units->reset_failed("app.service");
}

TEST_F(OfflineUnits, TellWhatTheFilesTell) {
    EXPECT_EQ(units->state("app.service").load_state, "not-found");
    add_unit("usr/lib/systemd/system/app.service", "");
    EXPECT_EQ(units->state("app.service").fragment_path, "/usr/lib/systemd/system/app.service");
    EXPECT_EQ(units->state("app.service").load_state, "loaded");
    fs::create_symlink("/dev/null", root / "etc/systemd/system/app.service");
    const UnitState masked = units->state("app.service");
    EXPECT_EQ(masked.load_state, "masked");
    EXPECT_EQ(masked.active_state, "");
    EXPECT_EQ(masked.invocation_id, "");
}

TEST_F(OfflineUnits, NeedSystemctlAndSaySo) {
    const char* const set_path = std::getenv("PATH");
    const std::string path = set_path != nullptr ? set_path : "/usr/bin";
    ASSERT_EQ(::setenv("PATH", "/nonexistent", 1), 0);
    try {
        units->enable({"app.service"});
        ADD_FAILURE() << "enabled without systemctl";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unit);
        EXPECT_NE(std::string(error.what()).find("systemctl"), std::string::npos);
    }
    ::setenv("PATH", path.c_str(), 1);
}

TEST(SystemdUnits, WithoutASystemdAreAnErrorThatTellsEveryWayThatWasTried) {
    if (fs::exists("/run/systemd/private") || fs::exists("/run/dbus/system_bus_socket"))
        GTEST_SKIP() << "this machine has a systemd or a system bus";
    const auto units = make_systemd_units(ManagerScope::system);
    try {
        units->state("app.service");
        FAIL() << "there is nobody who could have answered";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unit);
        EXPECT_NE(std::string(error.what()).find("system bus"), std::string::npos);
    }
}

TEST(SystemdUnits, ConnectToNobodyWhenThereIsNothingToDo) {
    const Interrupt interrupt;
    const auto units = make_systemd_units(ManagerScope::system);
    EXPECT_TRUE(units->run({}, std::chrono::seconds(1), interrupt).empty());
    EXPECT_FALSE(units->enable({}));
}

} // namespace
} // namespace provisor
