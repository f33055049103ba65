// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/process_test.cpp
#pragma once

#include "base/error.hpp"
#include "transfer/fetch_process.hpp"
#include "transfer/rate_limit.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// A provisor-fetch and what goes to and fro between it and the agent. Nothing here waits.
class FetchLine {
public:
    /// Starts `place` (HelperProgram::place). Throws Error of kind io when that is not possible.
    FetchLine(const std::string& place, const FetchSettings& settings);

    int socket() const { return process_.socket(); }
    pid_t pid() const { return process_.pid(); }
    /// Whether it has said that it can work: what ends it then is an answer, not the machine.
    bool is_ready() const { return ready_; }
    /// Whether it is still there, for one that had nothing to do for a while.
    bool is_there() const;

    void ask(std::uint32_t id, const std::string& frame);
    void abandon(std::uint32_t id) { outgoing_ += encode_frame(FrameType::abandon, id, ""); }
    /// The last frame of a request has come.
    void close(std::uint32_t id);
    /// Which have been asked and are not closed.
    const std::vector<std::uint32_t>& in_flight() const { return in_flight_; }

    bool has_outgoing() const { return !outgoing_.empty(); }
    /// Both throw Error of kind io; receive() without a message when the other end was just closed.
    void send();
    void receive(RateLimit& rate);
    /// The next frame about a request; absent until more has come. Throws Error of kind io.
    std::optional<Frame> next();

    /// Closes the socket to it, so that several may end at a time before the first is waited for.
    void hang_up() { process_.hang_up(); }
    /// See HelperProcess::end().
    Error end(const Error& error) { return process_.end(error); }

private:
    FetchProcess process_;
    std::vector<std::uint32_t> in_flight_;
    std::string outgoing_;
    FrameReader reader_;
    bool ready_ = false;
};

} // namespace provisor
