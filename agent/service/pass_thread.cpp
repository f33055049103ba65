// SPDX-License-Identifier: Apache-2.0
#include "service/pass_thread.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace provisor {

PassThread::PassThread() : over_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!over_)
        throw system_error(errno, "eventfd");
}

PassThread::~PassThread() {
    if (thread_.joinable())
        thread_.join();
}

void PassThread::start(std::function<PassReport(Progress&)> pass) {
    progress_ = std::make_unique<Progress>();
    result_ = {};
    thread_ = std::thread([this, pass = std::move(pass)] { run(pass); });
}

void PassThread::run(const std::function<PassReport(Progress&)>& pass) noexcept {
    try {
        result_.report = pass(*progress_);
    } catch (const Interrupted&) {
        // Neither report nor error: that is what was asked for.
    } catch (const std::exception& failure) {
        result_.error = failure.what();
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(over_.get(), &one, sizeof one);
}

PassResult PassThread::finish() {
    thread_.join();
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(over_.get(), &count, sizeof count);
    return std::exchange(result_, {});
}

} // namespace provisor
