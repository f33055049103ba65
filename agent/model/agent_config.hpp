// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/duration.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

enum class Require { none, pin, signature };

/// The highest number of transfers at once. Each is a connection of one process, which may open
/// 1,024 files by default (systemd's DefaultLimitNOFILE=1024:524288).
constexpr unsigned max_parallel = 1024;

/// agent.yaml with its drop-ins merged; the defaults are those of provisor(8).
struct AgentConfig {
    std::string state_dir; ///< empty: the default of the paths in use
    Duration interval = std::chrono::minutes(5);
    Duration splay = std::chrono::seconds(30);
    Require require = Require::none;
    unsigned parallel = 16;
    struct Limits {
        std::uint64_t download_rate = 0;          ///< bytes/s over all transfers, 0 = none
        std::uint64_t artifact_size = 4ULL << 30; ///< bytes
        std::uint64_t min_free = 256ULL << 20;    ///< bytes
        bool operator==(const Limits&) const = default;
    } limits;
    struct Timeouts {
        Duration connect = std::chrono::seconds(30);
        Duration stall = std::chrono::seconds(60);
        Duration total = Duration::zero(); ///< 0 = none
        bool operator==(const Timeouts&) const = default;
    } timeouts;
    struct CacheLimits {
        unsigned keep_versions = 5;
        std::uint64_t max_size = 0; ///< bytes, 0 = no cap
        bool operator==(const CacheLimits&) const = default;
    } cache;
    struct Retry {
        Duration first = std::chrono::seconds(10);
        Duration max = std::chrono::hours(1);
        unsigned attempts = 0; ///< 0 = no cap
        bool operator==(const Retry&) const = default;
    } retry;
    struct FlipFlop {
        Duration window = std::chrono::hours(1);
        unsigned switches = 4; ///< 0 = the guard is off
        Duration hold = std::chrono::hours(1);
        Duration max_hold = std::chrono::hours(24);
        bool operator==(const FlipFlop&) const = default;
    } flip_flop;
    struct Tls {
        std::string ca_file;
        std::string client_cert;
        std::string client_key;
        std::string min_version = "1.2"; ///< "1.2" or "1.3"
        bool operator==(const Tls&) const = default;
    } tls;
    std::string proxy;
    Duration max_age = Duration::zero(); ///< 0 = never
    bool operator==(const AgentConfig&) const = default;
};

} // namespace provisor
