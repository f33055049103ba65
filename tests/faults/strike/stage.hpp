// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/strike/recovery.hpp"
#include "faults/strike/tracer.hpp"

#include <string>
#include <vector>

namespace provisor::test {

/// What came of one blow.
struct Blown {
    std::optional<CountedCall> struck; ///< absent when the program ended before
    std::vector<std::string> violations;
};

/// A machine that is made ready for a workload once, and set back to that before each blow.
class Stage {
public:
    /// Runs the workload once without a blow, to know its calls and what it must come to. Throws
    /// std::runtime_error when that goes wrong, NotPermitted where ptrace is not allowed.
    explicit Stage(const Workload& workload);

    /// The calls that change something, of a run without a blow.
    const std::vector<CountedCall>& changes() const { return changes_; }
    /// The numbers of the calls which can be struck so.
    std::vector<std::uint64_t> places_for(const Blow& blow) const;

    /// Strikes at one, looks at once at what must hold at every instant, lets the next pass make up
    /// for it, and looks at the rest: tests/faults/README.md, invariants I1, I2, I4, I5, I6, I7,
    /// I8, I9.
    Blown strike(const Blow& blow, std::uint64_t at);

private:
    RunResult run(const Orders& orders, Findings& findings);
    void reset();
    void check_end(const Blow& blow, const Findings& findings, const RunResult& run,
                   std::vector<std::string>& wrong) const;

    const Workload& workload_;
    Scene scene_;
    Course course_;
    std::vector<CountedCall> changes_;
    std::vector<CountedCall> of_helpers_;
};

} // namespace provisor::test
