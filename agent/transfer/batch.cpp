// SPDX-License-Identifier: Apache-2.0
#include "transfer/batch.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <utility>

namespace provisor {
namespace {

using std::chrono::milliseconds;

/// Processes at once. systemd starts as many from provisor-fetch.socket (MaxConnections=) beside
/// one for probes, also while those of an agent that was killed are ending.
constexpr std::size_t most_lines = 16;
/// How often the clock is looked at, and what counts at the most of a wait.
constexpr milliseconds look_each(1000);

} // namespace

Batch::Batch(std::vector<TransferRequest> requests, Progress& progress, BatchSettings settings)
    : settings_(std::move(settings)), open_(requests.size()) {
    requests_.reserve(requests.size());
    std::map<std::string, Group*> groups;
    for (TransferRequest& request : requests) {
        const auto id = static_cast<std::uint32_t>(requests_.size());
        const TrustDomain domain = trust_domain_of(request, settings_.certificate);
        Group*& group = groups[domain.name];
        if (group == nullptr)
            group = &groups_.emplace_back(Group{domain.name, domain.has_secrets});
        group->waiting.push_back(id);
        requests_.emplace_back(Arrival(id, std::move(request), progress), settings_.limits.stall);
    }
}

void Batch::run(FetchLines& lines, RateLimit& rate, const Interrupt& interrupt) {
    for (auto& [domain, line] : std::exchange(lines, {})) {
        if (!line->is_there())
            continue;
        const auto same =
            std::find_if(groups_.begin(), groups_.end(),
                         [&, name = domain](const Group& group) { return group.domain == name; });
        Group& group = same != groups_.end() ? *same : groups_.emplace_back(Group{domain});
        group.line = std::move(line);
        group.kept = true;
    }
    turn_ = groups_.begin();
    try {
        // Nor may half a frame of ours stay behind.
        while (open_ > 0 || is_busy()) {
            ask_more();
            if (is_busy())
                wait(rate, interrupt);
            look_at_the_clock();
        }
    } catch (...) {
        keep_parts();
        for (Group& group : groups_)
            if (group.line)
                group.line->hang_up();
        throw;
    }
    for (Group& group : groups_)
        if (group.line && !group.domain.empty())
            lines[group.domain] = std::move(group.line);
}

bool Batch::is_busy() const {
    return std::any_of(groups_.begin(), groups_.end(),
                       [](const Group& group) { return group.is_busy(); });
}

/// Each group has its turn, so that one with many requests does not keep the others waiting.
void Batch::ask_more() {
    std::size_t idle = 0;
    while (asked_ < settings_.parallel && idle < groups_.size()) {
        if (turn_ == groups_.end())
            turn_ = groups_.begin();
        Group& group = *turn_++;
        idle = ask_one(group) ? 0 : idle + 1;
    }
}

bool Batch::ask_one(Group& group) {
    if (group.waiting.empty() || (!group.line && !start(group)))
        return false;
    const std::uint32_t id = group.waiting.front();
    group.waiting.pop_front();
    Request& request = requests_[id];
    group.line->ask(id, request.arrival.ask());
    request.asked = listened_;
    request.meter.restart();
    if (group.line->in_flight().size() == 1)
        group.last_progress = listened_;
    ++asked_;
    return true;
}

/// Returns whether there is a line. When none can be had the requests of the group fail.
bool Batch::start(Group& group) {
    if (!make_place())
        return false;
    try {
        group.line = settings_.start(group.has_secrets);
        return true;
    } catch (const Error& error) {
        for (const std::uint32_t id : std::exchange(group.waiting, {}))
            fail(id, error);
        return false;
    }
}

/// Returns whether one more process may be started; one that has nothing left to do ends for it.
bool Batch::make_place() {
    const auto count = static_cast<std::size_t>(std::count_if(
        groups_.begin(), groups_.end(), [](const Group& one) { return bool(one.line); }));
    if (count < most_lines)
        return true;
    const auto idle = std::find_if(groups_.begin(), groups_.end(), [](const Group& one) {
        return one.line && !one.is_busy() && one.waiting.empty();
    });
    if (idle == groups_.end())
        return false;
    idle->line.reset();
    return true;
}

void Batch::wait(RateLimit& rate, const Interrupt& interrupt) {
    const auto begun = StallMeter::Time::clock::now();
    const auto pause = rate.wait(begun);
    const bool reading = pause.count() == 0;
    std::vector<pollfd> fds{{interrupt.fd(), POLLIN, 0}};
    std::vector<Group*> groups;
    for (Group& group : groups_) {
        if (!group.is_busy())
            continue;
        const int events = (reading ? POLLIN : 0) | (group.line->has_outgoing() ? POLLOUT : 0);
        fds.push_back({group.line->socket(), static_cast<short>(events), 0});
        groups.push_back(&group);
    }
    if (::poll(fds.data(), fds.size(),
               static_cast<int>(reading ? look_each.count() : pause.count())) < 0 &&
        errno != EINTR)
        throw system_error(errno, "wait for provisor-fetch");
    if (reading)
        listened_ += std::min<Time::duration>(Time::clock::now() - begun, look_each);
    interrupt.check();
    // Not always the same one first, since that one could use all of the rate.
    ++rounds_;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::size_t at = (rounds_ + i) % groups.size();
        serve(*groups[at], fds[at + 1].revents, rate);
    }
}

/// Neither blocks, and reading never waits for writing: provisor-fetch may stand still until we
/// read, and takes no requests then.
void Batch::serve(Group& group, short events, RateLimit& rate) {
    try {
        // What one has brought may have used the rate up for the others.
        if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            rate.wait(Time::clock::now()).count() == 0) {
            group.line->receive(rate);
            while (const std::optional<Frame> frame = group.line->next())
                dispatch(group, *frame);
        }
        if ((events & POLLOUT) != 0)
            group.line->send();
    } catch (const Error& error) {
        end(group, error);
    }
}

void Batch::dispatch(Group& group, const Frame& frame) {
    Request& request = requests_[frame.id];
    if (frame.type == FrameType::data)
        request.meter.add(frame.payload.size());
    if (!request.arrival.take(frame)) {
        group.line->abandon(frame.id);
        request.abandoned = listened_;
    }
    group.last_progress = listened_;
    group.kept = false;
    if (!request.arrival.closed())
        return;
    group.line->close(frame.id);
    --asked_;
    --open_;
    if (group.domain.empty())
        group.line->hang_up();
}

void Batch::look_at_the_clock() {
    if (listened_ < next_look_)
        return;
    next_look_ = listened_ + look_each;
    for (Group& group : groups_)
        if (group.is_busy())
            look(group);
    // Those of single requests have no other.
    groups_.remove_if([](const Group& group) {
        return group.domain.empty() && group.waiting.empty() && !group.is_busy();
    });
    turn_ = groups_.begin();
}

/// Ends a process that does not end a request in time: it should have done so by itself.
void Batch::look(Group& group) {
    for (const std::uint32_t id : group.line->in_flight())
        if (is_overdue(group, requests_[id])) {
            end(group, Error(ErrorKind::timeout, "it does not end a request in time"), id);
            return;
        }
}

bool Batch::is_overdue(const Group& group, Request& request) const {
    const AnswerLimits& limits = settings_.limits;
    const auto over = [&](Time since, milliseconds limit) {
        return limit.count() > 0 && listened_ - since >= limit;
    };
    if (over(request.asked, limits.total))
        return true;
    switch (request.arrival.stage()) {
    case Arrival::Stage::head:
        return over(std::max(request.asked, group.last_progress), limits.head);
    case Arrival::Stage::body:
        return request.meter.stalled(listened_);
    case Arrival::Stage::over:
        break;
    }
    return over(request.abandoned, limits.abandoned);
}

/// Of a process that has died or is to end. See the class.
void Batch::end(Group& group, const Error& error, std::optional<std::uint32_t> overdue) {
    const std::vector<std::uint32_t> suspects = group.line->in_flight();
    const bool ready = group.line->is_ready();
    const Error told = group.line->end(error);
    group.line.reset();
    asked_ -= suspects.size();
    if (!ready && !overdue) {
        for (const std::uint32_t id : suspects)
            fail(id, told);
        for (const std::uint32_t id : std::exchange(group.waiting, {}))
            fail(id, told);
        return;
    }
    if (std::exchange(group.kept, false) && !overdue) {
        group.waiting.insert(group.waiting.begin(), suspects.begin(), suspects.end());
        return;
    }
    for (const std::uint32_t id : suspects)
        if (overdue ? id == *overdue : suspects.size() == 1)
            fail(id, requests_[id].arrival.blamed(overdue ? told
                                                          : Error(ErrorKind::http, told.what())));
        else
            ask_again(id, group.has_secrets);
}

void Batch::fail(std::uint32_t id, const Error& error) {
    requests_[id].arrival.fail(error);
    --open_;
}

void Batch::ask_again(std::uint32_t id, bool has_secrets) {
    if (!requests_[id].arrival.reopen()) {
        --open_;
        return;
    }
    Group& alone = groups_.emplace_back(Group{"", has_secrets});
    alone.waiting.push_back(id);
}

void Batch::keep_parts() noexcept {
    for (Request& request : requests_)
        request.arrival.keep_part();
}

std::vector<TransferResult> Batch::take_results() {
    std::vector<TransferResult> results;
    results.reserve(requests_.size());
    for (Request& request : requests_)
        results.push_back(request.arrival.take_result());
    return results;
}

} // namespace provisor
