// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/blast_radius_test.cpp, tests/local/fetch/many_test.cpp
#pragma once

#include "base/stall_meter.hpp"
#include "transfer/answer_limits.hpp"
#include "transfer/arrival.hpp"
#include "transfer/fetch_line.hpp"
#include "transfer/rate_limit.hpp"
#include "transfer/trust_domain.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace provisor {

/// The fetchers that run, by the names of their trust domains.
using FetchLines = std::map<std::string, std::unique_ptr<FetchLine>>;

/// How a batch is run.
struct BatchSettings {
    std::size_t parallel = 1; ///< requests at once, over all fetchers together
    bool certificate = false; ///< see trust_domain_of()
    AnswerLimits limits;
    /// Starts a fetcher. Throws Error when that is not possible.
    std::function<std::unique_ptr<FetchLine>(bool with_secrets)> start;
};

/// One batch of requests, made by one provisor-fetch for each trust domain.
///
/// When one of them dies it is not known which of the answers that it was reading has killed it.
/// Those that it had not begun go to the next process of their domain. The others are asked again,
/// each in a process of its own, so that none can be held up by another; who is alone in a process
/// that dies is the one, and fails. So an answer that kills costs two processes (three, if the
/// first is left from an earlier batch), and those beside it neither fail nor wait for it. A death
/// before a process has said that it can work (FrameType::ready) is the fault of no answer: then
/// all that its domain still has to ask fail.
class Batch {
public:
    Batch(std::vector<TransferRequest> requests, Progress& progress, BatchSettings settings);

    /// Takes `lines` over, makes the requests and takes the answers until none is missing, so that
    /// nothing of this batch is on the way when the next one begins; those that are left go back to
    /// `lines`. Throws Interrupted; no line is left then.
    void run(FetchLines& lines, RateLimit& rate, const Interrupt& interrupt);

    /// In the order of the requests.
    std::vector<TransferResult> take_results();

private:
    using Time = StallMeter::Time;

    struct Request {
        Request(Arrival&& one, std::chrono::milliseconds stall)
            : arrival(std::move(one)), meter(stall) {}
        Arrival arrival;
        StallMeter meter;
        Time asked;     ///< by listened_
        Time abandoned; ///< likewise, if it was
    };
    /// What one process is for: a trust domain, or a single request that is made again.
    struct Group {
        std::string domain; ///< empty for a single request
        bool has_secrets = false;
        std::deque<std::uint32_t> waiting = {};
        std::unique_ptr<FetchLine> line = {};
        Time last_progress = {}; ///< by listened_
        /// The line is of an earlier batch, and has not answered in this one: it may be dying of
        /// the end of the thread that started it (prctl(2), PR_SET_PDEATHSIG).
        bool kept = false;
        bool is_busy() const {
            return line && (!line->in_flight().empty() || line->has_outgoing());
        }
    };

    void ask_more();
    bool ask_one(Group& group);
    bool start(Group& group);
    bool make_place();
    bool is_busy() const;
    void wait(RateLimit& rate, const Interrupt& interrupt);
    void serve(Group& group, short events, RateLimit& rate);
    void dispatch(Group& group, const Frame& frame);
    void look_at_the_clock();
    void look(Group& group);
    bool is_overdue(const Group& group, Request& request) const;
    void end(Group& group, const Error& error, std::optional<std::uint32_t> overdue = {});
    void fail(std::uint32_t id, const Error& error);
    void ask_again(std::uint32_t id, bool has_secrets);
    void keep_parts() noexcept;

    BatchSettings settings_;
    std::vector<Request> requests_;
    std::list<Group> groups_;
    std::list<Group>::iterator turn_ = groups_.end(); ///< who asks next
    std::size_t asked_ = 0;                           ///< and not closed
    std::size_t open_ = 0;                            ///< whose results are missing
    /// Time in which the agent had nothing to do but listen: what an answer may take of. The
    /// agent's own work, a download_rate and a machine that stands still are no fault of a
    /// fetcher's.
    Time listened_{};
    Time next_look_{};
    std::size_t rounds_ = 0;
};

} // namespace provisor
