// SPDX-License-Identifier: Apache-2.0
//
// The daemon is stopped by crashing and recovers by starting. No command is needed after
// a kill, and it is ready soon, however much there is to look after and whoever does not answer.
#include "faults/scene.hpp"
#include "pass/lock.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <functional>
#include <future>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr int components = 1000;

/// The test in the place of the service manager, see sd_notify(3).
class NotifySocket {
public:
    explicit NotifySocket(const fs::path& path)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("bind to " + path.string());
    }
    /// Whether this was told within half a minute; other things are skipped.
    bool await(const std::string& text) const {
        const auto deadline = Clock::now() + 30s;
        while (Clock::now() < deadline) {
            pollfd readable{socket_.get(), POLLIN, 0};
            if (::poll(&readable, 1, 100) <= 0)
                continue;
            std::array<char, 8192> told{};
            const ssize_t got = ::recv(socket_.get(), told.data(), told.size(), 0);
            if (got > 0 &&
                std::string(told.data(), static_cast<std::size_t>(got)).starts_with(text))
                return true;
        }
        return false;
    }
    /// Forgets what a daemon told that is dead.
    void empty() const {
        char byte = 0;
        while (::recv(socket_.get(), &byte, 1, MSG_DONTWAIT) >= 0)
            ;
    }

private:
    Fd socket_;
};

/// A machine with a thousand components, and its daemon.
class Busy {
public:
    Busy() : notify_(machine.aside("notify")) {
        std::string manifest = "components:\n";
        for (int i = 0; i < components; ++i)
            manifest += "  " + name(i) + ": { url: \"" + origin.url("/" + name(i)) +
                        "\", path: /opt/" + name(i) + ", mode: \"0755\" }\n";
        machine.write_manifest(manifest);
        machine.set_environment("NOTIFY_SOCKET", machine.aside("notify"));
    }
    ~Busy() {
        if (run_.valid())
            kill();
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

    /// `behavior` is of the last component.
    void publish(int version, const std::string& behavior = "") {
        for (int i = 0; i < components; ++i)
            origin.serve("/" + name(i),
                         page(content(version, i), "\"v" + std::to_string(version) + "\"",
                              i + 1 == components ? behavior : ""));
    }
    /// Starts the daemon; the time until it says that it is ready.
    Milliseconds start() {
        notify_.empty();
        const fs::path pid_file = machine.aside("pid");
        fs::remove(pid_file);
        machine.run_under({"sh", "-c", "echo $$ >" + pid_file.string() + "; exec \"$0\" \"$@\""});
        const auto begun = Clock::now();
        run_ = std::async(std::launch::async, [this] { return machine.run({"agent"}); });
        EXPECT_TRUE(notify_.await("READY=1"));
        const auto took = std::chrono::duration_cast<Milliseconds>(Clock::now() - begun);
        pid_ = std::atoi(read_text(pid_file).c_str());
        machine.run_under({});
        return took;
    }
    void kill() {
        send(SIGKILL);
        EXPECT_EQ(run_.get().status, 128 + SIGKILL);
    }
    int stop() {
        send(SIGTERM);
        return run_.get().status;
    }
    /// How many targets are of this version.
    int installed(int version) const {
        int count = 0;
        for (int i = 0; i < components; ++i)
            count += read_text(machine.under("opt/" + name(i))) == content(version, i) ? 1 : 0;
        return count;
    }
    bool await(const std::function<bool()>& condition) const {
        for (int i = 0; i < 6000 && !condition(); ++i)
            std::this_thread::sleep_for(10ms);
        return condition();
    }
    bool await_told(const std::string& text) const { return notify_.await(text); }

    Origin origin;
    Machine machine{"interval: 1h\nsplay: 0\n"};

private:
    void send(int number) const {
        if (pid_ <= 1)
            throw std::runtime_error("there is no daemon");
        EXPECT_EQ(::kill(pid_, number), 0);
    }
    static std::string name(int i) { return "c" + std::to_string(i); }
    static std::string content(int version, int i) {
        // The last one is long enough for its transfer to take seconds.
        return "#!/bin/sh\necho " + name(i) + " " + std::to_string(version) + "\n" +
               std::string(i + 1 == components ? 400000 : 0, '#') + "\n";
    }

    NotifySocket notify_;
    std::future<RunResult> run_;
    pid_t pid_ = -1;
};

/// Kills the daemon while it brings version 2, when more than half of the artifacts are there.
void kill_in_the_midst(Busy& busy) {
    busy.publish(2, "slow=100000");
    busy.start();
    const fs::path blobs = busy.machine.cache() / "blobs";
    ASSERT_TRUE(busy.await([&] {
        const auto count = std::distance(fs::directory_iterator(blobs), fs::directory_iterator());
        return count > components + components / 2;
    })) << busy.origin.log().size();
    busy.kill();
    ASSERT_LT(busy.installed(2), components) << "the pass was over";
    busy.origin.await_ends();
    busy.origin.forget();
}

TEST(Start, AfterAKillInTheMidstOfAPassIsReadyBeforeAnythingIsAsked) {
    Busy busy;
    busy.publish(1);
    ASSERT_EQ(busy.machine.apply().status, 0);
    kill_in_the_midst(busy);
    busy.publish(2);

    // A pass needs the lock, so none can have begun while the test has it.
    const Paths paths = make_paths(busy.machine.root(), false,
                                   [](const char*) { return std::optional<std::string>(); });
    Interrupt interrupt;
    auto lock = PassLock::acquire(paths, PassLock::Wait::no, interrupt);
    ASSERT_TRUE(lock) << "the dead one holds it";
    const unsigned connections = busy.origin.connections();
    busy.start();
    EXPECT_TRUE(busy.await_told("STATUS=waiting for another pass to end"));
    EXPECT_EQ(busy.origin.connections(), connections) << "it was ready only after it had asked";
    lock.reset();
    EXPECT_TRUE(busy.await_told("STATUS=1000 components")) << "the pass did not end";
    EXPECT_EQ(busy.installed(2), components);
    EXPECT_LE(busy.origin.count(200), components / 2U) << "what had arrived was sent again";
    EXPECT_EQ(busy.stop(), 0);
    expect_clean(busy.machine);
}

// The goal is 100 ms. On a machine that others use as well it is measured by what the least of all
// commands takes there, which reads the same manifests and nothing else.
TEST(Start, OfAThousandComponentsTakesNoLongerThanReadingTheirManifests) {
    Busy busy;
    busy.publish(1);
    ASSERT_EQ(busy.machine.apply().status, 0);
    kill_in_the_midst(busy);
    busy.publish(2, "hang"); // so that no pass ends
    Milliseconds ready = Milliseconds::max();
    Milliseconds check = Milliseconds::max();
    for (int i = 0; i < 5; ++i) {
        const RunResult run = busy.machine.run({"check"});
        EXPECT_EQ(run.status, 0) << run.err;
        check = std::min(check, run.took);
        ready = std::min(ready, busy.start());
        busy.kill();
    }
    RecordProperty("ready_ms", static_cast<int>(ready.count()));
    RecordProperty("check_ms", static_cast<int>(check.count()));
    std::printf("ready after %d ms; `provisor check` takes %d ms\n",
                static_cast<int>(ready.count()), static_cast<int>(check.count()));
    EXPECT_LE(ready, 2 * check + 100ms);
    EXPECT_LE(ready, 5s);
}

} // namespace
} // namespace provisor::test
