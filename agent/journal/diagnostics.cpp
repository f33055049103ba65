// SPDX-License-Identifier: Apache-2.0
#include "journal/sd_journal.hpp"

#include "base/text.hpp"
#include "journal/send.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <mutex>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

Priority priority_of(spdlog::level::level_enum level) {
    switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
        return Priority::debug;
    case spdlog::level::warn:
        return Priority::warning;
    case spdlog::level::err:
        return Priority::error;
    case spdlog::level::critical:
        return Priority::critical;
    default:
        return Priority::info;
    }
}

std::string text_of(const spdlog::details::log_msg& message) {
    return {message.payload.data(), message.payload.size()};
}

class JournalSink : public spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& message) override {
        send_to_journal({priority_of(message.level), text_of(message), {}, {}});
    }
    void flush_() override {}
};

/// "provisor: message" for each line, in one write each, so that lines of two processes do not mix.
class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& message) override {
        std::string_view rest(message.payload.data(), message.payload.size());
        for (;;) {
            const std::size_t end = rest.find('\n');
            const std::string line = fmt::format("provisor: {}\n", printable(rest.substr(0, end)));
            // A stderr that nobody reads any more is no reason to stop.
            [[maybe_unused]] const ssize_t written =
                ::write(STDERR_FILENO, line.data(), line.size());
            if (end == std::string_view::npos)
                return;
            rest.remove_prefix(end + 1);
        }
    }
    void flush_() override {}
};

/// JOURNAL_STREAM names the device and inode of the socket that systemd gave us; it may have been
/// redirected since (systemd.exec(5)).
bool stderr_is_the_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    return stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
           fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

} // namespace

void set_up_diagnostics(int verbosity) {
    spdlog::sink_ptr sink;
    if (stderr_is_the_journal())
        sink = std::make_shared<JournalSink>();
    else
        sink = std::make_shared<StderrSink>();
    auto logger = std::make_shared<spdlog::logger>("provisor", std::move(sink));
    logger->set_level(verbosity < 0    ? spdlog::level::warn
                      : verbosity == 0 ? spdlog::level::info
                                       : spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
}

} // namespace provisor
