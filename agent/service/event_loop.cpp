// SPDX-License-Identifier: Apache-2.0
#include "service/event_loop.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <ctime>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

namespace provisor {
namespace {

void check(int code, const char* what) {
    if (code < 0)
        throw system_error(-code, what);
}

} // namespace

struct EventLoop::Source {
    EventLoop* owner;
    Action action;
    std::unique_ptr<sd_event_source, Close> handle;
};

void EventLoop::Close::operator()(sd_event* loop) const noexcept { sd_event_unref(loop); }

void EventLoop::Close::operator()(sd_event_source* source) const noexcept {
    sd_event_source_disable_unref(source);
}

EventLoop::EventLoop() {
    sd_event* raw = nullptr;
    check(sd_event_new(&raw), "event loop");
    loop_.reset(raw);
}

EventLoop::~EventLoop() = default;

/// Every callback of the loop ends here: nothing may be thrown through C.
int EventLoop::on_event(void* source) noexcept {
    auto& chosen = *static_cast<Source*>(source);
    try {
        chosen.action();
    } catch (...) {
        chosen.owner->failure_ = std::current_exception();
        sd_event_exit(chosen.owner->loop_.get(), 1);
    }
    return 0;
}

EventLoop::Source& EventLoop::add_source(Action action) {
    return sources_.emplace_back(Source{this, std::move(action), nullptr});
}

void EventLoop::on_signal(int number, Action action) {
    Source& source = add_source(std::move(action));
    sd_event_source* raw = nullptr;
    check(sd_event_add_signal(
              loop_.get(), &raw, number,
              [](sd_event_source*, const signalfd_siginfo*, void* data) { return on_event(data); },
              &source),
          "wait for a signal");
    source.handle.reset(raw);
}

void EventLoop::on_readable(int fd, Action action) {
    Source& source = add_source(std::move(action));
    sd_event_source* raw = nullptr;
    check(sd_event_add_io(
              loop_.get(), &raw, fd, EPOLLIN,
              [](sd_event_source*, int, std::uint32_t, void* data) { return on_event(data); },
              &source),
          "wait for a descriptor");
    source.handle.reset(raw);
}

EventLoop::Timer EventLoop::add_timer(Action action) {
    Source& source = add_source(std::move(action));
    sd_event_source* raw = nullptr;
    check(sd_event_add_time(
              loop_.get(), &raw, CLOCK_BOOTTIME, UINT64_MAX, 0,
              [](sd_event_source*, std::uint64_t, void* data) { return on_event(data); }, &source),
          "timer");
    source.handle.reset(raw);
    Timer timer(source);
    timer.clear();
    return timer;
}

void EventLoop::Timer::set(Duration after) {
    const auto microseconds = static_cast<std::uint64_t>(std::max(after, Duration::zero()).count());
    sd_event_source* handle = source_->handle.get();
    if (after == Duration::max())
        return clear();
    check(sd_event_source_set_time_relative(handle, microseconds), "set a timer");
    // 0 would stand for the default of a quarter of a second.
    const auto lateness = std::clamp<std::uint64_t>(microseconds / 1000, 1000, 1'000'000);
    check(sd_event_source_set_time_accuracy(handle, lateness), "set a timer");
    check(sd_event_source_set_enabled(handle, SD_EVENT_ONESHOT), "set a timer");
}

void EventLoop::Timer::clear() {
    check(sd_event_source_set_enabled(source_->handle.get(), SD_EVENT_OFF), "clear a timer");
}

bool EventLoop::Timer::is_set() const {
    return sd_event_source_get_enabled(source_->handle.get(), nullptr) > 0;
}

bool EventLoop::answer_watchdog(bool answer) {
    const int code = sd_event_set_watchdog(loop_.get(), answer ? 1 : 0);
    check(code, "watchdog");
    return code > 0;
}

int EventLoop::run() {
    const int status = sd_event_loop(loop_.get());
    if (failure_)
        std::rethrow_exception(failure_);
    check(status, "event loop");
    return status;
}

void EventLoop::leave(int status) { check(sd_event_exit(loop_.get(), status), "event loop"); }

} // namespace provisor
