// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/probes_test.cpp
#pragma once

#include "pass/pass.hpp"
#include "pass/work.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// Something of a component that can be tried once, again and again, and says what it saw.
struct Probe {
    std::string name; ///< in messages: the URL as it may be shown, "host:port", or "`command`"
    ProbeKind kind = ProbeKind::http;
    std::string address;
    std::vector<std::string> command = {}; ///< in place of the two: a program to run
};

/// The probes that the manifest wants; each has to succeed once.
std::vector<Probe> probes_of(const Component& component);

/// The probes of several components, side by side, each with its own times: the first attempt when
/// the component's settle time is over, then one each 250 ms for two seconds and each second after
/// that, and the last one when its timeout is over. Both times count from `begun`. An attempt takes
/// five seconds at most, the last one half a second. Commands that are due run side by side, eight
/// at the most, and nothing else is begun or looked at meanwhile.
class Probing {
public:
    using Clock = std::chrono::steady_clock;

    Probing(const Surroundings& around, Clock::time_point begun) : around_(around), begun_(begun) {}

    /// Adds the probes of a component; `units` are those of it that run, for the message when the
    /// probes do not succeed.
    void add(Work& work, const std::vector<std::string>& units);
    /// Whether a probe of this component has still to succeed. Those of a component that failed for
    /// another reason have not.
    bool concerns(const Work& work) const;
    /// Whether none has.
    bool over() const;
    /// What is waited for, for the progress; empty while no attempt has been made.
    std::string stage() const;
    /// Begins what is due, and waits for what there is to see or for `patience`. Components whose
    /// timeout is over fail with an error of kind health and are Work::unhealthy; if nobody could
    /// look, with the error why, and are not. Throws Interrupted.
    void wait(Duration patience);

private:
    struct Running {
        Work* work;
        Probe probe;
        std::vector<std::string> units;
        Clock::time_point first;    ///< when it is tried first
        Clock::time_point next;     ///< when it is tried (again)
        Clock::time_point deadline; ///< when it is tried last
        unsigned attempts = 0;
        bool healthy = false;
        std::optional<std::uint32_t> attempt = {}; ///< the one under way
        Clock::time_point attempt_begun = {};
        std::string saw = {};            ///< the last attempt that could look; empty if none could
        std::optional<Error> blind = {}; ///< why the last one could not
        bool open() const { return !healthy && !work->done; }
    };

    static Duration begin(Running& one);
    void try_commands(std::vector<Running*> due);
    void take(Running& one, const ProbeSighting& sighting);
    void give_up(const Running& one) const;

    const Surroundings& around_;
    Clock::time_point begun_;
    std::vector<Running> running_;
};

} // namespace provisor
