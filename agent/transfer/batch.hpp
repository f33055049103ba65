// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/arrival.hpp"
#include "transfer/rate_limit.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace provisor {

/// One batch of requests over one socket to provisor-fetch.
class Batch {
public:
    Batch(std::vector<TransferRequest> requests, Progress& progress);

    /// Sends `preface` and the requests and takes the answers until none is missing, so that
    /// nothing of this batch is on the way when the next one begins. Throws Error of kind io when
    /// provisor-fetch or the socket fails as a whole (without a message when the other end was just
    /// closed), and Interrupted.
    void run(int socket, std::string preface, RateLimit& rate, const Interrupt& interrupt);

    /// Whether no answer at all has come yet, so that run() may be called again.
    bool untouched() const { return untouched_; }
    /// Fails every request whose result is not known yet.
    void fail_open(const Error& error);
    /// Lets every body that is on its way keep what has come of it.
    void keep_parts() noexcept;
    /// In the order of the requests.
    std::vector<TransferResult> take_results();

private:
    void fill_outgoing();
    void send(int socket);
    void receive(int socket, RateLimit& rate);
    void dispatch(const Frame& frame);

    std::vector<Arrival> arrivals_;
    std::size_t asked_ = 0;  ///< how many of them are, in outgoing_ or sent
    std::size_t closed_ = 0; ///< how many of them are
    std::string outgoing_;
    std::size_t written_ = 0; ///< bytes of outgoing_ that are sent
    FrameReader reader_;
    bool untouched_ = true;
};

} // namespace provisor
