// SPDX-License-Identifier: Apache-2.0
// Row 100: the daemon, told a thousand times that something changed.
#include "faults/scene.hpp"

#include <csignal>
#include <fcntl.h>
#include <functional>
#include <future>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <thread>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int times = 1000;

/// `provisor agent` on the machine of a scene, which has made its first passes and rests.
class RestingDaemon {
public:
    RestingDaemon() {
        scene.install(1);
        scene.origin.forget();
        const fs::path pid_file = scene.machine.aside("pid");
        scene.machine.run_under(
            {"sh", "-c", "echo $$ >" + pid_file.string() + "; exec \"$0\" \"$@\""});
        run_ = std::async(std::launch::async, [this] { return scene.machine.run({"agent"}); });
        expect_pass();
        pid_ = std::atoi(read_text(pid_file).c_str());
        // Once around, so that what is measured later has been used before.
        send(SIGHUP);
        rest();
    }
    RestingDaemon(const RestingDaemon&) = delete;
    RestingDaemon& operator=(const RestingDaemon&) = delete;
    ~RestingDaemon() {
        if (run_.valid())
            stop();
    }

    void send(int number) const { EXPECT_EQ(::kill(pid_, number), 0); }
    int stop() {
        send(SIGTERM);
        return run_.get().status;
    }
    /// Until it has asked for nothing for a second and a half: a pass that is wanted begins after a
    /// second.
    void rest() const {
        for (std::size_t seen = 0;;) {
            std::this_thread::sleep_for(1500ms);
            const std::size_t now = scene.origin.log().size();
            if (now == seen && now > 0)
                return;
            seen = now;
        }
    }
    std::size_t open_files() const {
        const fs::directory_iterator files(fs::path("/proc") / std::to_string(pid_) / "fd");
        return static_cast<std::size_t>(std::distance(begin(files), end(files)));
    }
    long memory_kib() const {
        const std::string status = read_text(fs::path("/proc") / std::to_string(pid_) / "status");
        return std::atol(status.c_str() + status.find("VmRSS:") + 6);
    }

    Scene scene{"interval: 1h\n"};

private:
    void expect_pass() const {
        for (int i = 0; i < 1000 && scene.asked().empty(); ++i)
            std::this_thread::sleep_for(10ms);
        EXPECT_FALSE(scene.asked().empty()) << "no first pass";
    }

    std::future<RunResult> run_;
    pid_t pid_ = 0;
};

/// A thousand times `disturb`, a thousandth of a second apart.
void expect_few_passes(RestingDaemon& daemon, const std::function<void(int)>& disturb) {
    Scene& scene = daemon.scene;
    const State before = state_of(scene);
    struct stat target_before {};
    ASSERT_EQ(::stat(scene.target().c_str(), &target_before), 0);
    const std::size_t files = daemon.open_files();
    const long memory = daemon.memory_kib();
    scene.origin.forget();

    const auto begun = Clock::now();
    for (int i = 0; i < times; ++i) {
        disturb(i);
        std::this_thread::sleep_for(1ms);
    }
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(Clock::now() - begun).count();
    daemon.rest();

    EXPECT_GE(scene.asked().size(), 1U);
    EXPECT_LE(scene.asked().size(), static_cast<std::size_t>(seconds) + 1) << "passes";
    EXPECT_EQ(scene.origin.body_bytes(), 0U);
    EXPECT_EQ(daemon.open_files(), files);
    EXPECT_LT(daemon.memory_kib() - memory, 1024);
    struct stat target_after {};
    ASSERT_EQ(::stat(scene.target().c_str(), &target_after), 0);
    EXPECT_EQ(target_after.st_ino, target_before.st_ino) << "it was put in place again";
    expect_untouched(scene, before);
}

TEST(Storm, Row100OfHangupsIsAFewPassesAndLeavesNothingOpen) {
    RestingDaemon daemon;
    expect_few_passes(daemon, [&](int) { daemon.send(SIGHUP); });
    EXPECT_EQ(daemon.stop(), 0);
}

TEST(Storm, Row100OfTouchedManifestsIsAFewPassesAndLeavesNothingOpen) {
    RestingDaemon daemon;
    const fs::path folder = daemon.scene.machine.under("etc/provisor/components.d");
    for (int file = 0; file < 10; ++file)
        write_text(folder / (std::to_string(file) + ".yaml"), "components: {}\n");
    daemon.rest();
    expect_few_passes(daemon, [&](int i) {
        const fs::path file = folder / (std::to_string(i % 10) + ".yaml");
        EXPECT_EQ(::utimensat(AT_FDCWD, file.c_str(), nullptr, 0), 0);
    });
    EXPECT_EQ(daemon.stop(), 0);
}

TEST(Storm, OfManifestsThatComeAndGoEndsWithTheLastOneAndRemovesNothing) {
    RestingDaemon daemon;
    Scene& scene = daemon.scene;
    const fs::path manifest = scene.machine.under("etc/provisor/components.d/tested.yaml");
    const fs::path away = scene.machine.aside("tested.yaml");
    fs::copy_file(manifest, away);
    expect_few_passes(daemon, [&](int i) {
        if (i % 2 == 0)
            fs::remove(manifest);
        else
            fs::copy_file(away, manifest);
    });
    scene.origin.forget();
    scene.publish(2);
    daemon.rest();
    EXPECT_EQ(daemon.stop(), 0);
    expect_like_clean_install(scene);
}

} // namespace
} // namespace provisor::test
