// SPDX-License-Identifier: Apache-2.0
//
// What the daemon makes of changed configuration and manifests, and of SIGHUP.
#include "journal/message_ids.hpp"
#include "unit/service/daemon.hpp"

#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace provisor {
namespace {

using namespace std::chrono_literals;
using test::count;
using test::Daemon;
using test::TestClock;
using test::write_text;

constexpr const char* manifest = "components:\n"
                                 "  app:\n"
                                 "    url: http://127.0.0.1:1/app\n"
                                 "    path: /usr/local/bin/app\n";

void touch(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ::futimens(fd, nullptr);
    ::close(fd);
}

/// A daemon that made its first pass and rests.
class RestingAgent : public testing::Test {
protected:
    void rest() {
        daemon.start();
        ASSERT_TRUE(daemon.next("STATUS=0 components"));
    }
    Daemon daemon;
};

TEST_F(RestingAgent, PicksUpANewManifestWithinASecond) {
    rest();
    const auto written = TestClock::now();
    write_text(daemon.manifests() / "app.yaml", manifest);
    EXPECT_TRUE(daemon.next("RELOADING=1"));
    EXPECT_TRUE(daemon.next("READY=1"));
    const auto pass = daemon.next("pass begins");
    ASSERT_TRUE(pass);
    EXPECT_TRUE(pass->text.starts_with("pass begins components=1 ")) << pass->text;
    EXPECT_LT(pass->when - written, daemon.allow(1s));
    EXPECT_EQ(count(daemon.watch_for(1500ms), "pass begins"), 0U) << "one change, one pass";
}

TEST_F(RestingAgent, MakesAPassWhenAManifestIsTouchedOrTakenAway) {
    write_text(daemon.manifests() / "app.yaml", manifest);
    rest();
    const auto touched = TestClock::now();
    touch(daemon.manifests() / "app.yaml");
    const auto pass = daemon.next("pass begins components=1");
    ASSERT_TRUE(pass);
    EXPECT_LT(pass->when - touched, daemon.allow(1s));
    std::filesystem::remove(daemon.manifests() / "app.yaml");
    EXPECT_TRUE(daemon.next("pass begins components=0"));
}

TEST_F(RestingAgent, FindsAManifestFolderThatIsMadeLater) {
    std::filesystem::remove_all(daemon.manifests().parent_path());
    rest();
    write_text(daemon.manifests() / "app.yaml", manifest);
    EXPECT_TRUE(daemon.next("pass begins components=1"));
    write_text(daemon.manifests() / "app.yaml", "");
    EXPECT_TRUE(daemon.next("pass begins components=0"));
}

TEST_F(RestingAgent, MakesFewPassesOfAThousandChangesAndKeepsNothingOpen) {
    rest();
    touch(daemon.manifests() / "0.yaml");
    ASSERT_TRUE(daemon.next("STATUS=0 components"));
    daemon.watch_for(100ms); // telling the status takes a descriptor as well
    const std::size_t files = daemon.open_files();
    // One, but ThreadSanitizer has another one in the first process that is forked.
    const std::size_t threads = daemon.threads();
    const auto begun = TestClock::now();
    for (int change = 0; change < 1000; ++change)
        touch(daemon.manifests() / fmt::format("{}.yaml", change % 10));
    const auto seen = daemon.watch_for(2500ms);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(TestClock::now() - begun);
    EXPECT_GE(count(seen, "pass begins"), 1U);
    EXPECT_LE(count(seen, "pass begins"), static_cast<std::size_t>(seconds.count()));
    EXPECT_LE(count(seen, "RELOADING=1"), static_cast<std::size_t>(seconds.count()));
    // The last pass may still be at work on a busy machine.
    for (int i = 0; i < 100 && daemon.threads() > threads; ++i)
        daemon.watch_for(100ms);
    EXPECT_EQ(daemon.open_files(), files);
    EXPECT_LE(daemon.threads(), threads);
}

TEST_F(RestingAgent, QueuesOnePassForAllThatChangesWhileOneRuns) {
    daemon.hold_passes();
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins"));
    for (int change = 0; change < 3; ++change) {
        touch(daemon.manifests() / "a.yaml");
        EXPECT_TRUE(daemon.next("RELOADING=1")) << change;
    }
    EXPECT_TRUE(daemon.next("READY=1"));
    daemon.let_go();
    EXPECT_EQ(count(daemon.watch_for(3500ms), "pass begins"), 1U);
}

TEST_F(RestingAgent, ReloadsOnHangupAsTypeNotifyReloadWantsIt) {
    rest();
    timespec before{};
    ::clock_gettime(CLOCK_MONOTONIC, &before);
    daemon.signal(SIGHUP);
    const auto reloading = daemon.next("RELOADING=1\nMONOTONIC_USEC=");
    ASSERT_TRUE(reloading);
    timespec after{};
    ::clock_gettime(CLOCK_MONOTONIC, &after);
    const long long told = std::stoll(reloading->text.substr(reloading->text.rfind('=') + 1));
    EXPECT_GE(told, before.tv_sec * 1'000'000LL + before.tv_nsec / 1000);
    EXPECT_LE(told, after.tv_sec * 1'000'000LL + after.tv_nsec / 1000);
    EXPECT_TRUE(daemon.next("READY=1"));
    EXPECT_TRUE(daemon.next("pass begins"));
}

TEST_F(RestingAgent, ReloadsWhileAPassRunsButPassesOneAfterTheOther) {
    daemon.hold_passes();
    daemon.start();
    ASSERT_TRUE(daemon.next("pass begins components=0"));
    write_text(daemon.manifests() / "app.yaml", manifest);
    daemon.signal(SIGHUP);
    EXPECT_TRUE(daemon.next("RELOADING=1"));
    EXPECT_TRUE(daemon.next("READY=1"));
    EXPECT_EQ(count(daemon.watch_for(1500ms), "pass begins"), 0U);
    daemon.let_go();
    EXPECT_TRUE(daemon.next("pass ends"));
    EXPECT_TRUE(daemon.next("pass begins components=1"));
}

TEST_F(RestingAgent, TakesANewConfigurationIntoForce) {
    rest();
    write_text(daemon.config(), "cache: { keep_versions: 3 }\nstate_dir: /var/lib/elsewhere\n");
    EXPECT_TRUE(daemon.next("pass begins components=0 keep=3 state_dir=elsewhere"));
    std::filesystem::remove(daemon.config());
    EXPECT_TRUE(daemon.next("pass begins components=0 keep=5 state_dir=provisor"));
}

TEST_F(RestingAgent, KeepsTheConfigurationItHadWhenTheNewOneIsBad) {
    write_text(daemon.config(), "cache: { keep_versions: 3 }\nstate_dir: /var/lib/elsewhere\n");
    rest();
    write_text(daemon.config(), "cache: { keep_version: 4 }\n");
    EXPECT_TRUE(daemon.next("RELOADING=1"));
    EXPECT_TRUE(daemon.next("journal " + std::string(message_id::config_error)));
    EXPECT_TRUE(daemon.next("READY=1"));
    EXPECT_TRUE(daemon.next("pass begins components=0 keep=3 state_dir=elsewhere"));
    write_text(daemon.manifests() / "app.yaml", manifest);
    EXPECT_TRUE(daemon.next("pass begins components=1 keep=3 state_dir=elsewhere"));
}

TEST_F(RestingAgent, TakesAConfigurationThatIsBeingWrittenOnceItIsClosed) {
    write_text(daemon.config(), "cache: { keep_versions: 3 }\n");
    rest();
    {
        std::ofstream writer(daemon.config());
        writer << "cache: { keep_versions: 4 }\n" << std::flush;
        daemon.signal(SIGHUP);
        EXPECT_TRUE(daemon.next("journal " + std::string(message_id::config_error)));
        EXPECT_TRUE(daemon.next("READY=1"));
        EXPECT_TRUE(daemon.next("pass begins components=0 keep=3 state_dir=provisor"));
        writer << "state_dir: /var/lib/elsewhere\n";
    }
    const auto pass = daemon.next("pass begins");
    ASSERT_TRUE(pass) << "the close was not seen";
    EXPECT_EQ(pass->text, "pass begins components=0 keep=4 state_dir=elsewhere");
}

TEST_F(RestingAgent, IsStartedAgainWhileItsConfigurationIsBeingWritten) {
    std::ofstream writer(daemon.config());
    writer << "interval: 1min\n" << std::flush;
    daemon.start();
    EXPECT_TRUE(daemon.next("journal " + std::string(message_id::config_error)));
    EXPECT_EQ(daemon.wait_for_exit(), 1) << "systemd leaves a daemon alone that ends with 2";
    EXPECT_EQ(count(daemon.watch_for(100ms), "READY=1"), 0U);
}

TEST_F(RestingAgent, SeesAtTheNextIntervalWhatInotifyCannotSee) {
    const std::filesystem::path aside = daemon.paths().root / "aside.yaml";
    write_text(aside, "");
    // As it leads when that system runs.
    std::filesystem::create_symlink("/aside.yaml", daemon.manifests() / "app.yaml");
    write_text(daemon.config(), "interval: 1s\nsplay: 0\n");
    rest();
    write_text(aside, manifest);
    EXPECT_TRUE(daemon.next("pass begins components=1"));
}

} // namespace
} // namespace provisor
