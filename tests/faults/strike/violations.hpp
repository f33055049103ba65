// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace provisor::test {

/// What a campaign found, and how it is told.
class Violations {
public:
    /// Told at once as "VIOLATION point place", and again at the end.
    void add(const std::string& point, const std::string& place, const std::string& what);
    std::size_t count() const { return found_.size(); }
    /// How many points were tried in which time, `more`, each violation in a line, and how to see
    /// the first again with this command.
    void sum_up(unsigned points, const std::string& command, const std::string& more = "") const;

private:
    std::vector<std::pair<std::string, std::string>> found_; ///< where, and what
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// The exit status of a campaign: that of `run` (0 no violation, 1 violations, 77 nothing could be
/// tried here), 1 when what it shares with the tests expected something else, 77 for NotPermitted,
/// 2 for another exception, which is bad arguments and told with `usage`.
int status_of(const char* name, const char* usage, const std::function<int()>& run);

} // namespace provisor::test
