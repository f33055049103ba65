// SPDX-License-Identifier: Apache-2.0
// What `provisor doctor` finds: each thing once, and nothing on a machine that is well.
#include "cli/findings.hpp"

#include "fakes/fake_units.hpp"
#include "model/capabilities.hpp"
#include "model/drop_in.hpp"
#include "pass/lock.hpp"
#include "store/component_store.hpp"
#include "support/file_attributes.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

std::string data(const std::string& name) { return read_text(fs::path(TRUST_DATA) / name); }

class Doctor : public testing::Test {
protected:
    Doctor() {
        paths.root = folder.path();
        paths.state_dir = folder / "var/lib/provisor";
        paths.run_dir = folder / "run";
        paths.keys_dir = folder / "keys.d";
        paths.unit_dir = "/etc/systemd/system";
        paths.credential_dirs = {folder / "credentials"};
        settings.config.limits.min_free = 1;
        fs::create_directories(folder / "opt/app");
        fs::create_directories(paths.state_dir);
        fs::create_directories(paths.run_dir);
        fs::permissions(paths.state_dir, fs::perms(0711));
        Component app;
        app.name = "app";
        app.place = {"/etc/provisor/components.d/app.yaml", 2, 3};
        app.url = "https://origin/app";
        app.files = {{"", "/opt/app/app", 0755, "root", "root"}};
        UnitSpec unit;
        unit.name = "app.service";
        app.units = {unit};
        settings.components = {app};
        units.add_running("app.service");
        strict.protect_system = "strict";
        strict.read_write_paths = {"-/opt", "/etc/systemd/system"};
    }
    Component& app() { return settings.components[0]; }

    /// Exactly one finding, with these words in what it says and in its remedy.
    static void expect_one(const Findings& findings, Severity severity, const std::string& what,
                           const std::string& where, const std::string& remedy) {
        ASSERT_EQ(findings.size(), 1U);
        EXPECT_EQ(findings[0].severity, severity);
        EXPECT_THAT(findings[0].what, HasSubstr(what));
        EXPECT_THAT(findings[0].where, HasSubstr(where));
        EXPECT_THAT(findings[0].remedy, HasSubstr(remedy));
    }

    TemporaryFolder folder;
    Paths paths;
    Settings settings;
    FakeUnits units;
    UnitState strict;
    std::string agent = "provisor.service";
};

TEST_F(Doctor, FindsCommandsWhoseProgramIsMissing) {
    app().check = {"{staged}", "--self-test"};
    app().version_from = VersionCommand{{"/opt/app/app", "--version"}, "(.*)"};
    app().health.command = {"/bin/sh", "-c", "exit 0"};
    EXPECT_THAT(look_at_commands(settings), IsEmpty());
    app().health.command = {"/is/not/there"};
    expect_one(look_at_commands(settings), Severity::warning,
               "the program of health.command of component 'app' is missing or not executable: "
               "/is/not/there",
               "app.yaml:2", "install it");
}

TEST_F(Doctor, FindsNothingOnAMachineThatIsWell) {
    EXPECT_THAT(look_at_components(settings), IsEmpty());
    EXPECT_THAT(look_at_programs({"/bin/sh"}), IsEmpty());
    EXPECT_THAT(look_at_clock(WallTime(std::chrono::seconds(2)), WallTime(std::chrono::seconds(1))),
                IsEmpty());
    EXPECT_THAT(look_at_state(paths), IsEmpty());
    EXPECT_THAT(look_at_places(settings, paths), IsEmpty());
    EXPECT_THAT(look_at_keys(settings, paths), IsEmpty());
    EXPECT_THAT(look_at_credentials(settings, paths), IsEmpty());
    EXPECT_THAT(look_at_units(settings, paths, units), IsEmpty());
    paths.state_dir = "/var/lib/provisor";
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, strict), IsEmpty());
    EXPECT_EQ(PassLock::holder(paths), std::nullopt);
}

TEST_F(Doctor, RepeatsWhatManifestsWarnOf) {
    settings.warnings = {{app().place, "app: http:// without sha256 or signature", ""}};
    expect_one(look_at_components(settings), Severity::warning, "http:// without sha256",
               "components.d/app.yaml:2", "manifest");
}

TEST_F(Doctor, FindsComponentsThatAPassRefuses) {
    settings.config.require = Require::signature;
    expect_one(look_at_components(settings), Severity::error, "signature", "app.yaml:2", "require");
}

TEST_F(Doctor, FindsAProgramThatIsMissing) {
    write_text(folder / "provisor-fetch", "");
    expect_one(look_at_programs({(folder / "provisor-fetch").string()}), Severity::error,
               "not executable", "provisor-fetch", "package");
}

TEST_F(Doctor, FindsAClockThatIsBehind) {
    expect_one(look_at_clock(WallTime{}, WallTime(std::chrono::seconds(1'700'000'000))),
               Severity::error, "the clock says 1970-01-01T00:00:00Z", "clock", "timedatectl");
}

TEST_F(Doctor, FindsAStateDirectoryThatOthersMayWrite) {
    fs::permissions(paths.state_dir, fs::perms(0777));
    expect_one(look_at_state(paths), Severity::error, "others may write", "var/lib/provisor",
               "chmod go-w");
}

TEST_F(Doctor, FindsThatThereIsNoRoom) {
    settings.config.limits.min_free = std::uint64_t{1} << 60;
    const Findings findings = look_at_places(settings, paths);
    ASSERT_EQ(findings.size(), 2U) << "the state directory and the target's folder";
    EXPECT_THAT(findings[1].what, HasSubstr("limits.min_free"));
    EXPECT_THAT(findings[1].where, HasSubstr("/opt/app"));
}

TEST_F(Doctor, FindsAFolderThatEverybodyMayWrite) {
    fs::permissions(folder / "opt/app", fs::perms(0777));
    expect_one(look_at_places(settings, paths), Severity::error, "everybody may write", "/opt/app",
               "chmod o-w");
}

TEST_F(Doctor, FindsAFileInTheWayOfATargetsDirectory) {
    fs::remove_all(folder / "opt/app");
    write_text(folder / "opt/app", "a file");
    expect_one(look_at_places(settings, paths), Severity::error, "is not a directory", "/opt/app",
               "move it out of the way");
}

TEST_F(Doctor, FindsAKeyThatIsNoneAndASignatureWithoutAKey) {
    write_text(folder / "keys.d/broken.pub", "no key\n");
    expect_one(look_at_keys(settings, paths), Severity::error, "broken.pub", "keys.d", "minisign");
    fs::remove_all(folder / "keys.d");
    app().signature.url = "https://origin/app.minisig";
    expect_one(look_at_keys(settings, paths), Severity::error, "'app' is signed", "keys.d",
               "public key");
}

TEST_F(Doctor, FindsAKeyThatAManifestNamesAndThatIsNotThere) {
    write_text(folder / "keys.d/vendor.pub", data("one.pub"));
    app().signature = {"https://origin/app.minisig", {"vendor.pub"}, SignatureOver::automatic};
    EXPECT_THAT(look_at_keys(settings, paths), IsEmpty());
    app().signature.keys = {"gone.pub"};
    expect_one(look_at_keys(settings, paths), Severity::error,
               "component 'app': signature.keys names 'gone.pub'", "app.yaml:2", "ls -l");
}

TEST_F(Doctor, WarnsWhereEachOfSeveralKeysMaySign) {
    write_text(folder / "keys.d/one.pub", data("one.pub"));
    app().signature.url = "https://origin/app.minisig";
    EXPECT_THAT(look_at_keys(settings, paths), IsEmpty());
    write_text(folder / "keys.d/two.pub", data("two.pub"));
    expect_one(look_at_keys(settings, paths), Severity::warning,
               "component 'app': each of the 2 keys in keys.d may sign it", "app.yaml:2",
               "change the manifest");
    app().signature.keys = {"two.pub"};
    EXPECT_THAT(look_at_keys(settings, paths), IsEmpty());
}

TEST_F(Doctor, FindsWhatAKeySignedThatIsNotTrustedAnyMore) {
    write_text(folder / "keys.d/one.pub", data("one.pub"));
    Marker marker;
    marker.component = "app";
    marker.artifact = std::string(64, 'a');
    marker.signed_by = "9D70654653C709E4";
    ComponentStore store(paths.state_dir);
    store.write_installed(marker);
    marker.component = "orphan";
    marker.signed_by = "0123456789ABCDEF";
    store.write_installed(marker);
    marker.component = "unsigned";
    marker.signed_by = "";
    store.write_installed(marker);
    expect_one(look_at_trust(settings, paths), Severity::error,
               "(aaaaaaaaaaaa) was signed by key 0123456789ABCDEF, which is not trusted any more",
               "'orphan'", "provisor remove orphan");
    fs::remove(folder / "keys.d/one.pub");
    const Findings findings = look_at_trust(settings, paths);
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].where, "component 'app'");
    EXPECT_THAT(findings[0].remedy, HasSubstr("`provisor apply app`"));
}

TEST_F(Doctor, FindsACredentialThatIsMissing) {
    app().auth = AuthSpec{};
    app().auth->bearer = "credential:token";
    expect_one(look_at_credentials(settings, paths), Severity::warning, "token", "'app'",
               "LoadCredential=");
}

TEST_F(Doctor, FindsUnitsThatAreMissingMaskedOrHidden) {
    units.mask("app.service");
    expect_one(look_at_units(settings, paths, units), Severity::error, "masked", "app.service",
               "systemctl unmask app.service");
    app().units[0].name = "gone.service";
    expect_one(look_at_units(settings, paths, units), Severity::error, "not there", "gone.service",
               "file:");
}

TEST_F(Doctor, FindsAUnitFileThatIsHidden) {
    class Hiding : public FakeUnits {
    public:
        UnitState state(const std::string&) override {
            UnitState state;
            state.load_state = "loaded";
            state.fragment_path = "/etc/systemd/system/app.service";
            return state;
        }
    } hiding;
    app().files.push_back({"", "/opt/app/app.service", 0644, "root", "root"});
    EXPECT_THAT(look_at_units(settings, paths, hiding), IsEmpty()) << "it is not installed yet";
    write_text(folder / "opt/app/app.service", "[Service]\n");
    expect_one(look_at_units(settings, paths, hiding), Severity::warning,
               "/etc/systemd/system/app.service", "/opt/app/app.service", "daemon-reload");
}

TEST_F(Doctor, FindsATargetOutsideOfTheSandbox) {
    paths.state_dir = "/var/lib/provisor";
    app().files[0].path = "/srv/app/app";
    expect_one(look_at_sandbox(settings, paths, agent, strict), Severity::error, "sandbox",
               "/srv/app", write_path_command("provisor.service", "/srv/app"));
    app().files[0].path = "/optional/app";
    expect_one(look_at_sandbox(settings, paths, agent, strict), Severity::error, "sandbox",
               "/optional", "ReadWritePaths=/optional");
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, UnitState{}), IsEmpty()) << "there is none";
}

TEST_F(Doctor, FindsAnOwnerThatTheSandboxDoesNotHave) {
    paths.state_dir = "/var/lib/provisor";
    UnitState confined = strict;
    confined.capabilities = 0;
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, confined), IsEmpty()) << "all is root's";
    app().files[0].group = "app";
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, strict), IsEmpty())
        << "it may give it away";
    confined.capabilities = ~std::uint64_t{1};
    expect_one(look_at_sandbox(settings, paths, "provisor-apply.service", confined),
               Severity::error, "'/opt/app/app' to root:app", "app.yaml:2",
               owner_command("provisor-apply.service"));
}

TEST_F(Doctor, FindsCapabilitiesThatTheSandboxCannotGive) {
    paths.state_dir = "/var/lib/provisor";
    UnitState confined = strict;
    confined.capabilities = ~(std::uint64_t{1} << CAP_SETFCAP);
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, confined), IsEmpty()) << "none are wanted";
    app().files[0].capabilities = "cap_net_raw=ep";
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, strict), IsEmpty()) << "it may give them";
    expect_one(look_at_sandbox(settings, paths, "provisor-apply.service", confined),
               Severity::error, "give '/opt/app/app' the capabilities cap_net_raw=ep", "app.yaml:2",
               capabilities_command("provisor-apply.service"));
}

TEST_F(Doctor, FindsCapabilitiesSetByHandThatTheSandboxCannotCarryOver) {
    if (::geteuid() != 0 || !takes_attributes(folder.path()))
        GTEST_SKIP() << "it takes root, and a file system with attributes below " << folder.path();
    paths.state_dir = "/var/lib/provisor";
    paths.root = folder.path();
    write_text(folder / "opt/app/app", "by hand");
    UnitState confined = strict;
    confined.capabilities = 0;
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, confined), IsEmpty());
    ASSERT_TRUE(set_attribute(folder / "opt/app/app", capability_name,
                              capabilities_to_attribute("cap_net_raw=ep")));
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, strict), IsEmpty());
    expect_one(look_at_sandbox(settings, paths, agent, confined), Severity::error,
               "carry the capabilities cap_net_raw=ep of '/opt/app/app' over", "app.yaml:2",
               capabilities_command("provisor.service"));
}

TEST_F(Doctor, FindsAFileThatTheSandboxCannotShowToItsCheckAlone) {
    paths.state_dir = "/var/lib/provisor";
    UnitState confined = strict;
    confined.capabilities = 0;
    app().check = {"{staged}", "--version"};
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, confined), IsEmpty())
        << "everybody may see it";
    app().files[0].mode = 0750;
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, strict), IsEmpty());
    expect_one(look_at_sandbox(settings, paths, agent, confined), Severity::error,
               "show '/opt/app/app'", "app.yaml:2", owner_command("provisor.service"));
    app().check.clear();
    EXPECT_THAT(look_at_sandbox(settings, paths, agent, confined), IsEmpty());
}

TEST_F(Doctor, NamesWhoHoldsTheLock) {
    const Interrupt interrupt;
    const auto lock = PassLock::acquire(paths, PassLock::Wait::no, interrupt);
    ASSERT_TRUE(lock);
    EXPECT_EQ(PassLock::holder(paths), ::getpid());
}

} // namespace
} // namespace provisor::test
