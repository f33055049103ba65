// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/progress.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace provisor {

/// One line about a running transfer: name, bytes, share, rate, time left. Pure.
std::string progress_text(const Progress::Running& transfer,
                          std::chrono::steady_clock::time_point now);

/// Shows the running transfers on a terminal (stderr) for as long as it lives, by looking at the
/// progress five times a second from a thread of its own; leaves nothing behind on the screen. Does
/// nothing when stderr is no terminal.
class ProgressLine {
public:
    enum class Show { no, yes };
    ProgressLine(const Progress& progress, Show show);
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine();

private:
    void draw();

    const Progress& progress_;
    std::size_t drawn_lines_ = 0;
    std::atomic<bool> over_{false};
    std::thread thread_;
};

} // namespace provisor
