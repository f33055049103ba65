// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_line.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>
#include <sys/socket.h>
#include <utility>

namespace provisor {

FetchLine::FetchLine(const std::string& place, const FetchSettings& settings)
    : process_(place), outgoing_(encode_frame(FrameType::settings, 0, encode(settings))) {}

bool FetchLine::is_there() const {
    char byte = 0;
    const ssize_t got = ::recv(process_.socket(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    // It has nothing to say without being asked, but for its first word.
    return got > 0 ? !ready_ : got < 0 && errno == EAGAIN;
}

void FetchLine::ask(std::uint32_t id, const std::string& frame) {
    in_flight_.push_back(id);
    outgoing_ += frame;
}

void FetchLine::close(std::uint32_t id) { std::erase(in_flight_, id); }

void FetchLine::send() {
    const ssize_t sent =
        ::send(process_.socket(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        outgoing_.erase(0, static_cast<std::size_t>(sent));
    else if (errno == EPIPE || errno == ECONNRESET)
        // Its last words may still be there to read, and their end will be.
        outgoing_.clear();
    else if (errno != EAGAIN && errno != EINTR)
        throw system_error(errno, "ask provisor-fetch");
}

void FetchLine::receive(RateLimit& rate) {
    const std::span<std::byte> space = reader_.space();
    const ssize_t got =
        ::recv(process_.socket(), space.data(), rate.portion(space.size()), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        throw Error(ErrorKind::io, "");
    rate.take(static_cast<std::size_t>(got), std::chrono::steady_clock::now());
    reader_.filled(static_cast<std::size_t>(got));
}

std::optional<Frame> FetchLine::next() {
    std::optional<Frame> frame = reader_.next();
    if (!frame)
        return frame;
    if (frame->type == FrameType::fatal)
        throw Error(ErrorKind::io, printable(frame->payload, 300));
    if (frame->type == FrameType::ready) {
        if (std::exchange(ready_, true))
            throw nonsense("its first word twice");
        return next();
    }
    if (std::find(in_flight_.begin(), in_flight_.end(), frame->id) == in_flight_.end())
        throw nonsense("what it was not asked for");
    return frame;
}

} // namespace provisor
