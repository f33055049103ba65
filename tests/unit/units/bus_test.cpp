// SPDX-License-Identifier: Apache-2.0
#include "units/bus.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "support/temporary_folder.hpp"

#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

/// A socket that hangs up on whoever connects, and knows whether somebody did.
class Bouncer {
public:
    explicit Bouncer(const fs::path& path)
        : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
                0 ||
            ::listen(socket_.get(), 8) != 0)
            throw std::runtime_error("no socket");
        thread_ = std::thread([this] {
            for (;;) {
                const Fd caller(::accept(socket_.get(), nullptr, nullptr));
                if (!caller)
                    return;
                ++callers_;
            }
        });
    }
    Bouncer(const Bouncer&) = delete;
    Bouncer& operator=(const Bouncer&) = delete;
    ~Bouncer() {
        ::shutdown(socket_.get(), SHUT_RDWR); // ends accept(2)
        thread_.join();
    }
    unsigned callers() const { return callers_; }
    /// Whether somebody connects within ten seconds: that is over before the call is counted here.
    bool is_called() const {
        for (int i = 0; i < 10'000 && callers_ == 0; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return callers_ > 0;
    }

private:
    Fd socket_;
    std::atomic<unsigned> callers_ = 0;
    std::thread thread_;
};

class ManagerBus : public testing::Test {
protected:
    ManagerBus() {
        fs::create_directories(folder / "run/systemd");
        ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + (folder / "system").string()).c_str(),
                 1);
        ::setenv("DBUS_SESSION_BUS_ADDRESS", ("unix:path=" + (folder / "user").string()).c_str(),
                 1);
        ::setenv("XDG_RUNTIME_DIR", (folder / "run").c_str(), 1);
    }
    ~ManagerBus() override {
        ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
        ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
        ::unsetenv("XDG_RUNTIME_DIR");
    }
    TemporaryFolder folder;
};

TEST_F(ManagerBus, OfAUserIsTheUsersAndThenItsPrivateSocket) {
    const Bouncer system(folder / "system");
    const Bouncer user(folder / "user");
    const Bouncer own(folder / "run/systemd/private");
    try {
        // The private socket has no greeting that is waited for.
        open_manager(ManagerScope::user);
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("user bus"), std::string::npos) << error.what();
    }
    EXPECT_TRUE(user.is_called());
    EXPECT_TRUE(own.is_called());
    EXPECT_EQ(system.callers(), 0U) << "that is another manager";
}

TEST_F(ManagerBus, OfTheSystemIsTheSystems) {
    const Bouncer system(folder / "system");
    const Bouncer user(folder / "user");
    const Bouncer own(folder / "run/systemd/private");
    try {
        open_manager(ManagerScope::system); // a machine with systemd has the private socket
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("system bus"), std::string::npos) << error.what();
    }
    EXPECT_TRUE(system.is_called());
    EXPECT_EQ(user.callers() + own.callers(), 0U) << "that is another manager";
}

TEST_F(ManagerBus, WithoutEitherTheErrorNamesBoth) {
    try {
        open_manager(ManagerScope::user);
        FAIL() << "nobody is there";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unit);
        EXPECT_EQ(
            std::string(error.what()),
            "systemd cannot be reached: user bus: No such file or directory; private socket '" +
                (folder / "run/systemd/private").string() + "': No such file or directory");
    }
}

} // namespace
} // namespace provisor::test
