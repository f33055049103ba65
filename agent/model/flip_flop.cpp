// SPDX-License-Identifier: Apache-2.0
#include "model/flip_flop.hpp"

#include "base/quantity.hpp"
#include "model/report.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

bool switched(const HistoryEntry& entry) {
    return entry.decision == Decision::update || entry.decision == Decision::install;
}

std::string described(const std::string& version, const std::string& sha256,
                      const std::string& url) {
    return fmt::format("{} from {}", named_content(version, sha256), url);
}

/// Changes from one content to another within the window and since the last hold, to contents that
/// are in the history more than once or wanted again now.
unsigned switches_within(const std::vector<HistoryEntry>& history, const std::string& wanted,
                         WallTime since, WallTime now) {
    unsigned count = 0;
    for (std::size_t i = 1; i < history.size(); ++i) {
        const HistoryEntry& entry = history[i];
        if (!switched(entry) || entry.when < since || entry.when > now ||
            entry.sha256 == history[i - 1].sha256)
            continue;
        const auto same = [&](const HistoryEntry& other) {
            return switched(other) && other.sha256 == entry.sha256;
        };
        if (entry.sha256 == wanted || std::count_if(history.begin(), history.end(), same) > 1)
            ++count;
    }
    return count;
}

std::string reason_for(const std::vector<HistoryEntry>& history, const std::string& installed,
                       const WantedContent& wanted, unsigned switches,
                       const AgentConfig::FlipFlop& config, WallTime until) {
    const auto here =
        std::find_if(history.rbegin(), history.rend(), [&](const HistoryEntry& entry) {
            return switched(entry) && entry.sha256 == installed;
        });
    const std::string current = here == history.rend()
                                    ? named_content("", installed)
                                    : described(here->version, here->sha256, here->url);
    return fmt::format("flip-flop: {} and {} have replaced one another {} times within {}; the "
                       "former stays until {}. Make those who publish or configure it agree; "
                       "`provisor release` ends the hold",
                       current, described(wanted.version, wanted.sha256, wanted.url), switches,
                       format_time_span(config.window), format_rfc3339(until));
}

} // namespace

std::optional<FlipFlopHold> flip_flop(const std::vector<HistoryEntry>& history,
                                      const std::string& installed, const WantedContent& wanted,
                                      const std::optional<FlipFlopHold>& before,
                                      const AgentConfig::FlipFlop& config, WallTime now) {
    const bool had_before =
        std::any_of(history.begin(), history.end(), [&](const HistoryEntry& entry) {
            return switched(entry) && entry.sha256 == wanted.sha256;
        });
    if (config.switches == 0 || wanted.sha256 == installed || !had_before)
        return std::nullopt;
    if (before && before->until > now && before->until - now <= config.max_hold)
        return before;
    const WallTime window_begin = now - config.window;
    const WallTime since = before ? std::max(window_begin, before->until) : window_begin;
    const unsigned switches = switches_within(history, wanted.sha256, since, now);
    if (switches < config.switches)
        return std::nullopt;
    const bool follows = before && now - before->until <= config.max_hold;
    FlipFlopHold hold;
    hold.duration = std::min(follows ? before->duration * 2 : config.hold, config.max_hold);
    hold.until = now + hold.duration;
    hold.reason = reason_for(history, installed, wanted, switches, config, hold.until);
    return hold;
}

} // namespace provisor
