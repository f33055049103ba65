// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_line.hpp"

#include "base/quantity.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace provisor {
namespace {

constexpr auto step = std::chrono::milliseconds(200);
/// More lines than this scroll a small terminal.
constexpr std::size_t max_lines = 8;

} // namespace

std::string progress_text(const Progress::Running& transfer,
                          std::chrono::steady_clock::time_point now) {
    const double seconds =
        std::max(std::chrono::duration<double>(now - transfer.since).count(), 0.001);
    const double rate = static_cast<double>(transfer.received) / seconds;
    std::string text =
        fmt::format("{}  {}", transfer.component, format_byte_size(transfer.received));
    if (transfer.total && *transfer.total > 0)
        text += fmt::format(" of {} ({}%)", format_byte_size(*transfer.total),
                            transfer.received * 100 / *transfer.total);
    text += fmt::format("  {}/s", format_byte_size(static_cast<std::uint64_t>(rate)));
    if (transfer.total && rate > 0 && *transfer.total > transfer.received) {
        const auto left = std::chrono::seconds(
            static_cast<std::int64_t>(static_cast<double>(*transfer.total - transfer.received) /
                                      rate) +
            1);
        text += fmt::format("  {} left", format_time_span(left));
    }
    return text;
}

ProgressLine::ProgressLine(const Progress& progress, Show show) : progress_(progress) {
    if (show == Show::no || ::isatty(STDERR_FILENO) != 1)
        return;
    thread_ = std::thread([this] {
        while (!over_) {
            draw();
            std::this_thread::sleep_for(step);
        }
    });
}

ProgressLine::~ProgressLine() {
    over_ = true;
    if (!thread_.joinable())
        return;
    thread_.join();
    for (; drawn_lines_ > 0; --drawn_lines_)
        std::fputs("\x1b[1A\x1b[2K", stderr);
}

void ProgressLine::draw() {
    const Progress::Snapshot now = progress_.snapshot();
    std::string text;
    for (; drawn_lines_ > 0; --drawn_lines_)
        text += "\x1b[1A\x1b[2K";
    const auto time = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < std::min(now.running.size(), max_lines); ++i, ++drawn_lines_)
        text += progress_text(now.running[i], time) + "\n";
    if (now.running.empty() && !now.stage.empty()) {
        text += now.stage + "…\n";
        ++drawn_lines_;
    }
    std::fputs(text.c_str(), stderr);
}

} // namespace provisor
