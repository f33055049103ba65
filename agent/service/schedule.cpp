// SPDX-License-Identifier: Apache-2.0
#include "service/schedule.hpp"

#include "base/sha256.hpp"

#include <string>

namespace provisor {

Duration splay_share(std::string_view machine_id, Duration splay) {
    const std::string digest = sha256_of("provisor splay " + std::string(machine_id));
    // 32 bits of it as a fraction of one: fine enough for microseconds within an hour.
    const auto fraction =
        static_cast<double>(std::stoul(digest.substr(0, 8), nullptr, 16)) / 4294967296.0;
    return Duration(static_cast<Duration::rep>(static_cast<double>(splay.count()) * fraction));
}

Duration time_between_passes(Duration interval, Duration share) {
    return interval > Duration::max() - share ? Duration::max() : interval + share;
}

} // namespace provisor
