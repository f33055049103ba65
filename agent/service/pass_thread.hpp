// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "model/progress.hpp"
#include "model/report.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace provisor {

/// How a pass ended: with a report, with the interrupt (neither is set), or with an error.
struct PassResult {
    std::optional<PassReport> report;
    std::string error;
};

/// Runs one pass at a time beside the event loop, in a thread that exists only as long as the pass:
/// a pass hashes, syncs and waits, and the loop must answer the watchdog and the signals meanwhile.
class PassThread {
public:
    PassThread(); ///< throws Error of kind io
    PassThread(const PassThread&) = delete;
    PassThread& operator=(const PassThread&) = delete;
    ~PassThread(); ///< waits for the pass; raise its interrupt before

    /// Starts a pass; none may be running.
    void start(std::function<PassReport(Progress&)> pass);
    bool running() const { return thread_.joinable(); }
    /// What the running pass does at the moment.
    Progress::Snapshot snapshot() const { return progress_->snapshot(); }

    /// Readable once the pass is over; then finish() takes its result.
    int over_fd() const { return over_.get(); }
    PassResult finish();

private:
    void run(const std::function<PassReport(Progress&)>& pass) noexcept;

    Fd over_;
    std::thread thread_;
    std::unique_ptr<Progress> progress_; ///< a new one for each pass
    PassResult result_;                  ///< the thread's until it is joined
};

} // namespace provisor
