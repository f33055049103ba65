// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// What a pass is doing right now: written by the pass, sampled by whoever shows it (terminal,
/// sd_notify STATUS). Safe to use from two threads.
class Progress {
public:
    struct Running {
        std::string component;
        std::uint64_t received = 0;
        std::optional<std::uint64_t> total; ///< declared length, if any
        std::chrono::steady_clock::time_point since;
        bool operator==(const Running&) const = default;
    };
    struct Snapshot {
        std::string stage; ///< one phrase: "revalidating 12 components", "watching app.service"
        std::vector<Running> running;
    };

    void set_stage(std::string stage) {
        const std::lock_guard lock(mutex_);
        stage_ = std::move(stage);
    }
    void begin_transfer(std::size_t id, std::string component, std::optional<std::uint64_t> total) {
        const std::lock_guard lock(mutex_);
        running_[id] = {std::move(component), 0, total, std::chrono::steady_clock::now()};
    }
    void advance_transfer(std::size_t id, std::uint64_t received) {
        const std::lock_guard lock(mutex_);
        if (const auto found = running_.find(id); found != running_.end())
            found->second.received = received;
    }
    void end_transfer(std::size_t id) {
        const std::lock_guard lock(mutex_);
        running_.erase(id);
    }
    Snapshot snapshot() const {
        const std::lock_guard lock(mutex_);
        Snapshot snapshot{stage_, {}};
        for (const auto& [id, transfer] : running_)
            snapshot.running.push_back(transfer);
        return snapshot;
    }

private:
    mutable std::mutex mutex_;
    std::string stage_;
    std::map<std::size_t, Running> running_;
};

} // namespace provisor
