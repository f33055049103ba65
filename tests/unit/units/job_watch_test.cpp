// SPDX-License-Identifier: Apache-2.0
#include "units/job_watch.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "units/bus.hpp"

#include <array>
#include <atomic>
#include <ctime>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <thread>

namespace provisor {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// The other end of a connection to the manager's private socket: it takes every call, and ends
/// jobs when it is to.
class Manager {
public:
    Manager() {
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
            throw std::runtime_error("no socket pair");
        client_ = connect(pair[0], false);
        server_ = connect(pair[1], true);
        sd_bus_add_filter(server_.get(), nullptr, answer, this);
        thread_ = std::thread([this] { serve(); });
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    ~Manager() { leave(); }

    sd_bus* client() const { return client_.get(); }
    /// Sends JobRemoved for this job when the next call arrives.
    void end_job(const std::string& job, const std::string& result) {
        job_ = job;
        result_ = result;
    }
    /// The connection breaks.
    void leave() {
        over_ = true;
        if (thread_.joinable())
            thread_.join();
        server_.reset();
    }

private:
    static Bus connect(int fd, bool server) {
        sd_bus* raw = nullptr;
        sd_bus_new(&raw);
        Bus bus(raw);
        sd_bus_set_fd(raw, fd, fd);
        if (server) {
            sd_id128_t id;
            sd_id128_randomize(&id);
            sd_bus_set_server(raw, 1, id);
        }
        sd_bus_start(raw);
        return bus;
    }
    static int answer(sd_bus_message* call, void* self, sd_bus_error* /*error*/) noexcept {
        if (sd_bus_message_is_method_call(call, nullptr, nullptr) <= 0)
            return 0;
        sd_bus_reply_method_return(call, nullptr);
        static_cast<const Manager*>(self)->send_end(sd_bus_message_get_bus(call));
        return 1;
    }
    void send_end(sd_bus* bus) const {
        if (!job_.empty())
            sd_bus_emit_signal(bus, manager_path, manager_interface, "JobRemoved", "uoss", 1,
                               job_.c_str(), "app.service", result_.c_str());
    }
    void serve() {
        while (!over_)
            if (sd_bus_process(server_.get(), nullptr) == 0)
                sd_bus_wait(server_.get(), 5'000);
    }

    Bus client_;
    Bus server_;
    std::string job_;
    std::string result_;
    std::atomic<bool> over_ = false;
    std::thread thread_;
};

constexpr const char* job = "/org/freedesktop/systemd1/job/17";

std::chrono::nanoseconds own_processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

TEST(JobWatch, KnowsTheResultOfAJobThatEndedBeforeAnybodyWaited) {
    Manager manager;
    manager.end_job(job, "done");
    JobWatch watch(manager.client());
    const Interrupt interrupt;
    EXPECT_EQ(watch.wait_for({job}, Clock::now() + 10s, interrupt), JobWatch::Ended::all);
    ASSERT_NE(watch.result_of(job), nullptr);
    EXPECT_EQ(*watch.result_of(job), "done");
    EXPECT_EQ(watch.result_of("/org/freedesktop/systemd1/job/18"), nullptr);
}

/// A unit that never gets ready: the pass goes on when its time is over, and waits without work.
TEST(JobWatch, StopsWaitingAtTheDeadlineAndTakesNoProcessorTime) {
    Manager manager;
    JobWatch watch(manager.client());
    const Interrupt interrupt;
    const auto begun = Clock::now();
    const auto worked = own_processor_time();
    EXPECT_EQ(watch.wait_for({job}, begun + 300ms, interrupt), JobWatch::Ended::deadline);
    EXPECT_GE(Clock::now() - begun, 300ms);
    EXPECT_LT(own_processor_time() - worked, 100ms);
    EXPECT_EQ(watch.result_of(job), nullptr);
}

TEST(JobWatch, NoticesThatTheManagerIsGone) {
    Manager manager;
    JobWatch watch(manager.client());
    const Interrupt interrupt;
    manager.leave();
    EXPECT_EQ(watch.wait_for({job}, Clock::now() + 10s, interrupt), JobWatch::Ended::disconnected);
}

TEST(JobWatch, IsInterrupted) {
    Manager manager;
    JobWatch watch(manager.client());
    Interrupt interrupt;
    std::thread later([&] {
        std::this_thread::sleep_for(50ms);
        interrupt.raise();
    });
    EXPECT_THROW(watch.wait_for({job}, Clock::now() + 10s, interrupt), Interrupted);
    later.join();
}

} // namespace
} // namespace provisor
