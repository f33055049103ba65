// SPDX-License-Identifier: Apache-2.0
// agent.yaml: what is taken says the same when it is written out, and overrides as a drop-in does.
#include "fuzz/complaints.hpp"
#include "fuzz/printed.hpp"
#include "fuzz/second_reading.hpp"
#include "model/manifest.hpp"

namespace provisor::fuzz {
namespace {

/// Beyond that a number with a suffix is not exact any more.
constexpr std::uint64_t exact = std::uint64_t{1} << 53U;

bool is_exact(const AgentConfig& config) {
    for (const Duration span :
         {config.interval, config.splay, config.timeouts.connect, config.timeouts.stall,
          config.timeouts.total, config.retry.first, config.retry.max, config.flip_flop.window,
          config.flip_flop.hold, config.flip_flop.max_hold, config.max_age})
        if (span != Duration::max() && static_cast<std::uint64_t>(span.count()) > exact)
            return false;
    return config.limits.download_rate <= exact && config.limits.artifact_size <= exact &&
           config.limits.min_free <= exact;
}

} // namespace

void agent_config(std::string_view input) {
    const SourceText source{"agent.yaml", std::string(input)};
    const ParsedConfig parsed = parse_agent_config({source});
    check_complaints(parsed.errors, input, "agent.yaml");
    require(parsed.errors.empty() || parsed.config == AgentConfig{},
            "a configuration with an error is not half in force");
    if (parsed.errors.empty())
        require(disagreement(source.text).empty(), "every reader of YAML takes it for the same");
    require(parsed.config.interval >= std::chrono::seconds(1), "the daemon does not spin");
    require(parsed.config.parallel >= 1, "there is a transfer at least");
    require(parse_agent_config({source, source}).config == parsed.config,
            "the same said twice is the same");
    if (!is_exact(parsed.config))
        return;
    const ParsedConfig again = parse_agent_config({{"again", printed_config(parsed.config)}});
    require(again.errors.empty() && again.config == parsed.config,
            "a printed configuration is the same configuration");
}

} // namespace provisor::fuzz
