// SPDX-License-Identifier: Apache-2.0
#include "service/notify.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <ctime>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace provisor {
namespace {

/// Failures are nobody's business: the daemon's work does not depend on being watched.
void tell(const std::string& state) { sd_notify(0, state.c_str()); }

std::string in_words(const Progress::Running& transfer) {
    if (!transfer.total)
        return fmt::format("{} {}", transfer.component, format_byte_size(transfer.received));
    return fmt::format("{} {} of {}", transfer.component, format_byte_size(transfer.received),
                       format_byte_size(*transfer.total));
}

} // namespace

void notify_ready() { tell("READY=1"); }

void notify_reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", microseconds.count()));
}

void notify_stopping() { tell("STOPPING=1\nSTATUS=stopping"); }

void notify_status(const std::string& line) { tell("STATUS=" + printable(line, 300)); }

std::string status_line(const Progress::Snapshot& snapshot) {
    constexpr std::size_t shown = 3;
    std::string line = snapshot.stage.empty() ? "starting a pass" : snapshot.stage;
    for (std::size_t i = 0; i < snapshot.running.size() && i < shown; ++i)
        line += (i == 0 ? ": " : ", ") + in_words(snapshot.running[i]);
    if (snapshot.running.size() > shown)
        line += fmt::format(" and {} more", snapshot.running.size() - shown);
    return line;
}

} // namespace provisor
