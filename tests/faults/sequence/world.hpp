// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/machine.hpp"
#include "faults/sequence/weather.hpp"
#include "origin/origin.hpp"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace provisor::test {

/// A machine with three components and their origin, in a storm until calm().
class World {
public:
    static constexpr std::size_t components = 3;

    explicit World(std::uint64_t seed);

    /// Another version of one of them, which may be an earlier one. Says which.
    std::string publish(std::mt19937_64& random);
    /// Does something to a target, the cache or a record that nobody should. Says what.
    std::string damage(std::mt19937_64& random);
    /// From now on every request is treated well.
    void calm();

    /// What is at targets, by path: "0755 SHA256".
    std::map<std::string, std::string> files() const;
    /// What may be at each, by all versions that were ever published.
    const std::map<std::string, std::set<std::string>>& published() const { return published_; }
    /// What must be there in the end.
    const std::map<std::string, std::string>& wanted() const { return wanted_; }
    /// Temporary files anywhere, and what is unfinished in the cache and nobody will ask for.
    std::vector<std::string> left_over() const;
    /// Everything that a write would change of state and targets: names, inodes, sizes, times.
    std::map<std::string, std::string> listing() const;
    /// The requests since the last call, and how each was treated.
    std::vector<std::string> take_log();
    std::uint64_t body_bytes() const;

    Machine machine{"flip_flop: { switches: 100000 }\n"};

private:
    Page serve(const std::string& path);
    void remember(const Exchange& exchange);
    void publish(const std::string& component, int version);
    void write_manifest() const;

    const std::uint64_t seed_;
    mutable std::mutex mutex_;
    bool calm_ = false;
    std::map<std::string, unsigned> asked_; ///< by path
    std::map<std::string, Page> pages_;     ///< by component
    std::map<std::string, int> versions_;
    std::vector<std::string> log_;
    std::uint64_t body_bytes_ = 0;
    std::map<std::string, std::set<std::string>> published_;
    std::map<std::string, std::string> wanted_;
    Origin origin_; // the last: its threads use the rest
};

} // namespace provisor::test
