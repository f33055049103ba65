// SPDX-License-Identifier: Apache-2.0
#include "pass/probing.hpp"

#include "base/quantity.hpp"
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
/// Each has contained_memory and contained_processes.
constexpr std::size_t commands_at_once = 8;
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
    std::vector<Running*> commands;
    for (Running& one : running_) {
        if (!one.open())
            continue;
        const bool due = !one.attempt && one.next <= now;
        if (due && !one.probe.command.empty())
            commands.push_back(&one);
        else if (due)
            one.attempt =
                around_.transfer.begin_probe({one.probe.kind, one.probe.address, begin(one)});
        under_way |= one.attempt.has_value();
        if (!one.attempt)
            patience = std::min(patience, span_of(one.next - now));
    }
    if (!commands.empty())
        return try_commands(commands);
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

/// Counts an attempt that begins now; returns how long it may take.
Duration Probing::begin(Running& one) {
    ++one.attempts;
    one.attempt_begun = Clock::now();
    return std::clamp(span_of(one.deadline - one.attempt_begun), shortest_attempt, longest_attempt);
}

void Probing::try_commands(std::vector<Running*> due) {
    // Who has waited longest: one that takes its time must not be asked again before others.
    std::stable_sort(due.begin(), due.end(),
                     [](const Running* a, const Running* b) { return a->next < b->next; });
    due.resize(std::min(due.size(), commands_at_once));
    around_.progress.set_stage(
        fmt::format("probing {}{}", due.front()->probe.name, due.size() > 1 ? " and others" : ""));
    std::vector<ContainedCommand> commands;
    for (Running* one : due) {
        const std::string& name = one->work->component->name;
        ContainedCommand& command = commands.emplace_back(ContainedCommand{
            "health-" + name, fmt::format("Health of {}", name), one->probe.command});
        command.timeout = std::chrono::ceil<milliseconds>(begin(*one));
        command.reach = Reach::this_machine;
    }
    const std::vector<CommandResult> results = run_contained(commands, around_, Units::act);
    for (std::size_t i = 0; i < due.size(); ++i) {
        ProbeSighting sighting;
        sighting.healthy = results[i].good();
        sighting.what = in_words(results[i]);
        take(*due[i], sighting);
    }
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
