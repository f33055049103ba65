// SPDX-License-Identifier: Apache-2.0
#include "transfer/answer_limits.hpp"

namespace provisor {
namespace {

using std::chrono::milliseconds;

/// So much later than provisor-fetch: it may have to wait for the processor.
constexpr milliseconds margin = std::chrono::seconds(10);
/// An answer comes after ten redirects at the most, a start from the beginning and one more try on
/// a connection of its own (agent/fetch/download.cpp).
constexpr int most_hops = 13;
/// What libcurl takes for none (CURLOPT_CONNECTTIMEOUT_MS).
constexpr milliseconds default_connect = std::chrono::seconds(300);

/// Zero for none.
milliseconds limit_of(Duration span) {
    return span == Duration::max() ? milliseconds(0)
                                   : std::chrono::duration_cast<milliseconds>(span);
}

} // namespace

AnswerLimits answer_limits(const AgentConfig::Timeouts& timeouts) {
    const milliseconds stall = limit_of(timeouts.stall);
    const milliseconds connect = limit_of(timeouts.connect);
    const milliseconds total = limit_of(timeouts.total);
    AnswerLimits limits;
    limits.abandoned = margin;
    if (total.count() > 0)
        limits.total = total + margin;
    if (stall.count() > 0) {
        limits.stall = stall + margin;
        limits.head =
            most_hops * ((connect.count() > 0 ? connect : default_connect) + stall) + margin;
    }
    return limits;
}

} // namespace provisor
