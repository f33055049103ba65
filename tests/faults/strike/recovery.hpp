// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/strike/picture.hpp"
#include "faults/strike/workload.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace provisor::test {

/// What a workload leads from and to, when nothing goes wrong.
struct Course {
    Picture before;
    Picture after;
    std::string wanted; ///< digest of what the manifest wants of `app`, "" when nothing
};

/// The longest that a pass may take here.
constexpr std::chrono::milliseconds longest_pass(10'000);

/// "what (exit status 1, 20 ms)" and all that the run printed.
std::string tell_end(const RunResult& run, const std::string& what);

/// Lets the next pass make up for what interrupted the workload, and appends what is wrong then:
/// tests/faults/README.md, invariants I1, I4, I5, I6, I8. What is no pass is told again.
void recover(Scene& scene, const Workload& workload, const Course& course,
             std::vector<std::string>& wrong);

} // namespace provisor::test
