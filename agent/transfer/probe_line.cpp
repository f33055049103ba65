// SPDX-License-Identifier: Apache-2.0
#include "transfer/probe_line.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <poll.h>
#include <span>
#include <sys/socket.h>

namespace provisor {
namespace {

/// The program keeps the limit of an attempt; this is for a machine that is slow to tell.
constexpr std::chrono::seconds grace(3);

} // namespace

ProbeLine::ProbeLine(const std::string& program, const FetchSettings& settings)
    : process_(program), outgoing_(encode_frame(FrameType::settings, 0, encode(settings))) {}

void ProbeLine::begin(std::uint32_t number, const ProbeAttempt& attempt) {
    const auto limit = std::max(std::chrono::milliseconds(1),
                                std::chrono::ceil<std::chrono::milliseconds>(attempt.limit));
    outgoing_ += encode_frame(FrameType::probe, number,
                              encode(ProbeOrder{attempt.kind, attempt.address,
                                                static_cast<std::uint64_t>(limit.count())}));
    open_[number] = {attempt.kind, Clock::now() + limit + grace};
}

void ProbeLine::await(Duration patience, const Interrupt& interrupt) {
    const Clock::time_point end = Clock::now() + patience;
    while (!open_.empty()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        pollfd fds[] = {{process_.socket(),
                         static_cast<short>(outgoing_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
                        {interrupt.fd(), POLLIN, 0}};
        if (::poll(fds, 2, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) < 0 &&
            errno != EINTR)
            throw system_error(errno, "wait for provisor-fetch");
        interrupt.check();
        if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            receive();
        if ((fds[0].revents & POLLOUT) != 0)
            send();
        if (Clock::now() >= end)
            break;
    }
    look_at_the_clock();
}

std::vector<std::uint32_t> ProbeLine::unanswered() const {
    std::vector<std::uint32_t> numbers;
    for (const auto& [number, one] : open_)
        numbers.push_back(number);
    return numbers;
}

void ProbeLine::look_at_the_clock() const {
    const auto now = Clock::now();
    if (std::any_of(open_.begin(), open_.end(),
                    [&](const auto& one) { return one.second.due < now; }))
        throw Error(ErrorKind::io, "it does not answer");
}

void ProbeLine::send() {
    const ssize_t sent =
        ::send(process_.socket(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (sent > 0)
        outgoing_.erase(0, static_cast<std::size_t>(sent));
    else if (errno != EAGAIN && errno != EINTR && errno != EPIPE)
        throw system_error(errno, "ask provisor-fetch");
    // EPIPE: its last words may still be there to read, and their end will be.
}

void ProbeLine::receive() {
    const std::span<std::byte> space = reader_.space();
    const ssize_t got = ::recv(process_.socket(), space.data(), space.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        throw Error(ErrorKind::io, "");
    reader_.filled(static_cast<std::size_t>(got));
    while (const std::optional<Frame> frame = reader_.next())
        take(*frame);
}

void ProbeLine::take(const Frame& frame) {
    if (frame.type == FrameType::fatal)
        throw Error(ErrorKind::io, printable(frame.payload, 300));
    if (frame.type == FrameType::ready)
        return;
    const auto one = open_.find(frame.id);
    if (frame.type != FrameType::probed || one == open_.end())
        throw nonsense("what it was not asked for");
    sightings_.push_back(
        sighting_of(frame.id, one->second.kind, decode_probe_report(frame.payload)));
    open_.erase(one);
}

ProbeSighting sighting_of(std::uint32_t number, ProbeKind kind, const ProbeReport& report) {
    if (!report.failure.empty())
        return {number, false, printable(report.failure, 600), {}};
    if (kind == ProbeKind::tcp && report.status == 0)
        return {number, true, "accepts connections", {}};
    if (kind == ProbeKind::tcp || report.status == 0)
        throw nonsense("the report of another probe");
    const bool fine = report.status >= 200 && report.status < 300;
    const bool redirects = report.status >= 300 && report.status < 400;
    return {number,
            fine,
            fmt::format("answers {}{}", report.status,
                        redirects ? ", and a probe follows no redirect" : ""),
            {}};
}

} // namespace provisor
