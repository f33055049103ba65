// SPDX-License-Identifier: Apache-2.0
#include "pass/probing.hpp"

#include "model/shown_url.hpp"
#include "pass/contained.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <poll.h>

namespace provisor {
namespace {

using Clock = Probing::Clock;
using std::chrono::milliseconds;

constexpr Duration first_step = milliseconds(250);
constexpr Duration later_step = std::chrono::seconds(1);
constexpr Duration soon = std::chrono::seconds(2); ///< how long the first step is good for
constexpr Duration longest_attempt = std::chrono::seconds(5);
/// What an attempt gets however late it is: less would say of a busy machine that it is ill.
constexpr Duration shortest_attempt = milliseconds(500);

void sleep_interruptibly(Duration span, const Interrupt& interrupt) {
    pollfd stop{interrupt.fd(), POLLIN, 0};
    const auto ms = std::chrono::ceil<milliseconds>(span).count();
    ::poll(&stop, 1, static_cast<int>(std::max<std::int64_t>(ms, 0)));
    interrupt.check();
}

/// What a command did, in words that follow its own.
std::string in_words(const CommandResult& result) {
    const bool ended = result.end == CommandResult::End::exited;
    const bool was =
        result.end == CommandResult::End::killed || result.end == CommandResult::End::flooded;
    const std::string output = shown_output(result);
    return fmt::format("{}{}{}",
                       ended ? "ended with "
                       : was ? "was "
                             : "",
                       describe(result),
                       output.empty() ? "" : fmt::format(" (it printed: {})", output));
}

Duration span_of(Clock::duration span) { return std::chrono::duration_cast<Duration>(span); }

} // namespace

std::vector<Probe> probes_of(const Component& component) {
    std::vector<Probe> probes;
    const HealthSpec& health = component.health;
    if (!health.tcp.empty())
        probes.push_back({health.tcp, ProbeKind::tcp, health.tcp});
    if (!health.http.empty())
        probes.push_back({shown_url(health.http), ProbeKind::http, health.http});
    if (!health.command.empty()) {
        Probe probe{fmt::format("`{}`", shown_words(health.command)), {}, {}, health.command};
        // Units are acted on in the running system alone, where paths are what they are called.
        for (const char* word : {path_word, lent_word})
            if (!component.files.empty())
                probe.command =
                    with_text(std::move(probe.command), word, component.files.front().path);
        probes.push_back(std::move(probe));
    }
    return probes;
}

void Probing::add(Work& work, const std::vector<std::string>& units) {
    const HealthSpec& health = work.component->health;
    const Clock::time_point first = begun_ + health.settle;
    // A timeout shorter than the settle time leaves one attempt.
    const Clock::time_point deadline = std::max(first, begun_ + health.timeout);
    for (Probe& probe : probes_of(*work.component))
        running_.push_back({&work, std::move(probe), units, first, first, deadline});
}

bool Probing::concerns(const Work& work) const {
    return std::any_of(running_.begin(), running_.end(),
                       [&](const Running& one) { return one.work == &work && one.open(); });
}

bool Probing::over() const {
    return std::none_of(running_.begin(), running_.end(),
                        [](const Running& one) { return one.open(); });
}

std::string Probing::stage() const {
    const auto tried = [](const Running& one) { return one.open() && one.attempts > 0; };
    const auto one = std::find_if(running_.begin(), running_.end(), tried);
    if (one == running_.end())
        return "";
    const bool more = std::count_if(running_.begin(), running_.end(), tried) > 1;
    return fmt::format("probing {}{}", one->probe.name, more ? " and others" : "");
}

void Probing::wait(Duration patience) {
    const Clock::time_point now = Clock::now();
    bool under_way = false;
    for (Running& one : running_) {
        if (!one.open())
            continue;
        if (!one.attempt && one.next <= now)
            begin(one);
        under_way |= one.attempt.has_value();
        if (!one.attempt)
            patience = std::min(patience, span_of(one.next - now));
    }
    // Also while something is under way: the interrupt is to be seen.
    if (!under_way)
        return sleep_interruptibly(patience, around_.interrupt);
    for (const ProbeSighting& sighting :
         around_.transfer.await_probes(patience, around_.interrupt)) {
        const auto one = std::find_if(running_.begin(), running_.end(), [&](const Running& each) {
            return each.attempt == sighting.number;
        });
        if (one != running_.end())
            take(*one, sighting);
    }
}

void Probing::begin(Running& one) {
    const Clock::time_point now = Clock::now();
    const Duration limit =
        std::clamp(span_of(one.deadline - now), shortest_attempt, longest_attempt);
    ++one.attempts;
    one.attempt_begun = now;
    if (!one.probe.command.empty())
        return take(one, try_command(one, limit));
    one.attempt = around_.transfer.begin_probe({one.probe.kind, one.probe.address, limit});
}

ProbeSighting Probing::try_command(const Running& one, Duration limit) const {
    const std::string& name = one.work->component->name;
    around_.progress.set_stage(fmt::format("probing {}", one.probe.name));
    const CommandResult result = run_contained({"health-" + name,
                                                fmt::format("Health of {}", name),
                                                one.probe.command,
                                                {},
                                                std::chrono::ceil<milliseconds>(limit)},
                                               around_, Units::act);
    ProbeSighting sighting;
    sighting.healthy = result.good();
    sighting.what = in_words(result);
    return sighting;
}

void Probing::take(Running& one, const ProbeSighting& sighting) {
    const Clock::time_point now = Clock::now();
    // One that began when the time was over has been the last one, however soon it failed.
    const bool last = std::max(one.attempt_begun, now) >= one.deadline;
    one.attempt.reset();
    one.healthy = sighting.healthy;
    one.blind = sighting.error;
    if (!sighting.error)
        one.saw = sighting.what;
    if (!one.open())
        return;
    if (last)
        return give_up(one);
    const Duration step = one.attempt_begun - one.first < soon ? first_step : later_step;
    one.next = std::min(std::max(now, one.attempt_begun + step), one.deadline);
}

void Probing::give_up(const Running& one) const {
    Work& work = *one.work;
    const std::string subject = one.units.empty()
                                    ? "it is in place"
                                    : fmt::format("{} {}", fmt::join(one.units, " and "),
                                                  one.units.size() == 1 ? "runs" : "run");
    if (one.saw.empty() && one.blind) {
        // The trial goes on in the next pass.
        fail(work,
             Error(ErrorKind::health, fmt::format("{}, but nobody could look at {}: {}", subject,
                                                  one.probe.name, one.blind->what())));
        return;
    }
    const std::string hint =
        one.units.empty() ? "" : fmt::format("; see `journalctl -u {}`", one.units.front());
    work.unhealthy = true;
    fail(work,
         Error(ErrorKind::health,
               fmt::format("{}, but {} {} after {} attempt{} in {}{}", subject, one.probe.name,
                           one.saw, one.attempts, one.attempts == 1 ? "" : "s",
                           format_time_span(span_of(one.deadline - begun_)), hint)));
}

} // namespace provisor
