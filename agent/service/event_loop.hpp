// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/duration.hpp"

#include <exception>
#include <functional>
#include <list>
#include <memory>

struct sd_event;
struct sd_event_source;

namespace provisor {

using Action = std::function<void()>;

/// One thread that waits for several things (sd-event) and runs the action of whichever comes. An
/// exception that leaves an action ends the loop and leaves run().
class EventLoop {
    struct Source;

public:
    EventLoop(); ///< throws Error of kind io
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

    /// The signal must be blocked in every thread.
    void on_signal(int number, Action action);
    /// Runs the action for as long as there is something to read: it has to read it. The descriptor
    /// must outlive the loop.
    void on_readable(int fd, Action action);

    /// Runs its action once each time that it was set and its time has come. Belongs to the loop.
    class Timer {
    public:
        /// Sets it to `after` from now, in place of what it was set to before; Duration::max() is
        /// never. Time that the machine spends suspended counts. May be late by a thousandth, at
        /// most a second, so that wake-ups can be shared.
        void set(Duration after);
        void clear();
        bool is_set() const;

    private:
        friend class EventLoop;
        explicit Timer(Source& source) : source_(&source) {}
        Source* source_;
    };
    Timer add_timer(Action action);

    /// Answers the service manager's watchdog, if there is one, at half its interval for as long as
    /// the loop turns; or no longer. Returns whether there is one.
    bool answer_watchdog(bool answer);

    /// Turns until leave(); returns its status.
    int run();
    void leave(int status);

private:
    static int on_event(void* source) noexcept;
    Source& add_source(Action action);

    struct Close {
        void operator()(sd_event* loop) const noexcept;
        void operator()(sd_event_source* source) const noexcept;
    };
    std::unique_ptr<sd_event, Close> loop_;
    std::list<Source> sources_; // a list: sd-event keeps the addresses
    std::exception_ptr failure_;
};

} // namespace provisor
