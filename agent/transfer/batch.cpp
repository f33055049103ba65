// SPDX-License-Identifier: Apache-2.0
#include "transfer/batch.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <poll.h>
#include <span>
#include <sys/socket.h>

namespace provisor {
namespace {

/// Requests are encoded in portions, so that ten thousand of them are not held twice.
constexpr std::size_t portion = std::size_t{32} * 1024;

} // namespace

Batch::Batch(std::vector<TransferRequest> requests, Progress& progress) {
    arrivals_.reserve(requests.size());
    for (TransferRequest& request : requests)
        arrivals_.emplace_back(static_cast<std::uint32_t>(arrivals_.size()), std::move(request),
                               progress);
}

void Batch::run(int socket, std::string preface, RateLimit& rate,
                const Interrupt& interrupt) {
    outgoing_ = std::move(preface);
    written_ = 0;
    asked_ = 0;
    // Nor may half a frame of ours stay behind.
    while (closed_ < arrivals_.size() || written_ < outgoing_.size()) {
        fill_outgoing();
        const bool more = written_ < outgoing_.size();
        const auto pause = rate.wait(std::chrono::steady_clock::now());
        const int reading = pause.count() > 0 ? 0 : POLLIN;
        pollfd fds[] = {{socket, static_cast<short>(more ? reading | POLLOUT : reading), 0},
                        {interrupt.fd(), POLLIN, 0}};
        if (::poll(fds, 2, reading != 0 ? -1 : static_cast<int>(pause.count())) < 0 &&
            errno != EINTR)
            throw system_error(errno, "wait for provisor-fetch");
        interrupt.check();
        // Neither blocks, and reading never waits for writing: provisor-fetch may stand still until
        // we read, and takes no requests then.
        if (reading != 0 && (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            receive(socket, rate);
        if ((fds[0].revents & POLLOUT) != 0)
            send(socket);
    }
}

void Batch::fill_outgoing() {
    if (written_ < outgoing_.size())
        return;
    outgoing_.clear();
    written_ = 0;
    while (asked_ < arrivals_.size() && outgoing_.size() < portion)
        outgoing_ += arrivals_[asked_++].ask();
}

void Batch::send(int socket) {
    const ssize_t sent =
        ::send(socket, outgoing_.data() + written_, outgoing_.size() - written_, MSG_NOSIGNAL);
    if (sent > 0)
        written_ += static_cast<std::size_t>(sent);
    else if (errno != EAGAIN && errno != EINTR && errno != EPIPE)
        throw system_error(errno, "ask provisor-fetch");
    // EPIPE: its last words may still be there to read, and their end will be.
}

void Batch::receive(int socket, RateLimit& rate) {
    const std::span<std::byte> space = reader_.space();
    const ssize_t got = ::recv(socket, space.data(), rate.portion(space.size()), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        throw Error(ErrorKind::io, "");
    untouched_ = false;
    rate.take(static_cast<std::size_t>(got), std::chrono::steady_clock::now());
    reader_.filled(static_cast<std::size_t>(got));
    while (const std::optional<Frame> frame = reader_.next())
        dispatch(*frame);
}

void Batch::dispatch(const Frame& frame) {
    if (frame.type == FrameType::fatal)
        throw Error(ErrorKind::io, printable(frame.payload, 300));
    if (frame.id >= asked_)
        throw Error(ErrorKind::io, "it answered what it was not asked");
    Arrival& arrival = arrivals_[frame.id];
    if (!arrival.take(frame))
        outgoing_ += encode_frame(FrameType::abandon, frame.id, "");
    if (arrival.closed())
        ++closed_;
}

void Batch::fail_open(const Error& error) {
    for (Arrival& arrival : arrivals_)
        arrival.fail(error);
}

void Batch::keep_parts() noexcept {
    for (Arrival& arrival : arrivals_)
        arrival.keep_part();
}

std::vector<TransferResult> Batch::take_results() {
    std::vector<TransferResult> results;
    results.reserve(arrivals_.size());
    for (Arrival& arrival : arrivals_)
        results.push_back(arrival.take_result());
    return results;
}

} // namespace provisor
