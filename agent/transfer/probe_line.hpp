// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/fetch_process.hpp"
#include "transfer/transfer.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"
#include "wire/probe_messages.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace provisor {

/// A provisor-fetch that makes probes, and nothing else: what it is told has no credentials in it,
/// and a transfer that stalls does not keep it.
class ProbeLine {
public:
    /// Starts `program` (HelperProgram::place). Throws Error of kind io when that is not possible.
    ProbeLine(const std::string& program, const FetchSettings& settings);

    void begin(std::uint32_t number, const ProbeAttempt& attempt);
    /// Waits as Transfer::await_probes does. Throws Error of kind io when the program fails as a
    /// whole, says what cannot be, or does not answer in time, and Interrupted.
    void await(Duration patience, const Interrupt& interrupt);
    /// What has been seen since the last call, also before await() has thrown.
    std::vector<ProbeSighting> take_sightings() { return std::exchange(sightings_, {}); }
    /// The numbers of the attempts that have not been answered.
    std::vector<std::uint32_t> unanswered() const;
    /// Ends the program and adds to `error` how it had ended.
    Error end(const Error& error) { return process_.end(error); }

    pid_t pid() const { return process_.pid(); }

private:
    using Clock = std::chrono::steady_clock;
    struct Open {
        ProbeKind kind;
        Clock::time_point due; ///< an answer that comes later does not come
    };

    void look_at_the_clock() const;
    void send();
    void receive();
    void take(const Frame& frame);

    FetchProcess process_;
    std::map<std::uint32_t, Open> open_;
    std::vector<ProbeSighting> sightings_;
    std::string outgoing_;
    FrameReader reader_;
};

/// What a report says of an address, in words that follow its name. Throws Error of kind io for a
/// report that a probe of this kind does not have.
ProbeSighting sighting_of(std::uint32_t number, ProbeKind kind, const ProbeReport& report);

} // namespace provisor
