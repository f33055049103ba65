// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

struct sd_bus;
struct sd_bus_message;
struct sd_bus_slot;

namespace provisor {

/// Listens to the manager's JobRemoved signals from construction to destruction and keeps every
/// result by its job's path: a job may end before the reply to the call that made it is looked at,
/// and restarting one unit also ends jobs of others. Listening only while there is something to
/// wait for keeps an idle connection silent: nobody would read what arrives.
class JobWatch {
public:
    /// Throws Error of kind unit.
    explicit JobWatch(sd_bus* bus);
    JobWatch(const JobWatch&) = delete;
    JobWatch& operator=(const JobWatch&) = delete;
    ~JobWatch();

    enum class Ended { all, deadline, disconnected };
    /// Waits until every one of these jobs has ended, or says why it stopped waiting. Throws
    /// Interrupted.
    Ended wait_for(const std::vector<std::string>& jobs,
                   std::chrono::steady_clock::time_point deadline, const Interrupt& interrupt);

    /// The result of a job, null when it has not ended.
    const std::string* result_of(const std::string& job) const;

private:
    void subscribe();
    bool all_ended(const std::vector<std::string>& jobs) const;

    sd_bus* bus_;
    sd_bus_slot* match_ = nullptr;
    std::map<std::string, std::string> results_;
};

} // namespace provisor
