// SPDX-License-Identifier: Apache-2.0
// A file of the time zone database, or a rule of POSIX: local time and UTC must be two names of the
// same moments.
#include "base/time_zone.hpp"

#include "fuzz/target.hpp"
#include "fuzz/tzif.hpp"

namespace provisor::fuzz {
namespace {

namespace chr = std::chrono;
constexpr chr::hours most(26); // RFC 8536, 3.2: within -25 and +26 hours

void check_moment(const TimeZone& zone, chr::sys_seconds time) {
    const chr::seconds offset = zone.offset_at(time);
    require(-most < offset && offset < most, "local time is at most a day away");
    const chr::local_seconds local = zone.to_local(time);
    require(local.time_since_epoch() - time.time_since_epoch() == offset,
            "local time is ahead by the offset");
    const chr::sys_seconds back = zone.to_utc(local);
    require(back - time < 2 * most && time - back < 2 * most, "there and back is near");
}

} // namespace

void time_zone(std::string_view input) {
    Input parts(input);
    const chr::seconds moment(parts.number() & 0x1'FFFF'FFFFU);
    const std::string_view text = parts.rest();
    const auto zone =
        text.starts_with("TZif") ? TimeZone::parse(text) : TimeZone::parse(tzif_of(text));
    if (!zone)
        return;
    for (const chr::seconds step :
         {chr::seconds(0), chr::seconds(1), chr::seconds(chr::hours(24 * 180)),
          chr::seconds(chr::hours(24 * 365 * 20))})
        check_moment(*zone, chr::sys_seconds(moment + step));
    check_moment(*zone, chr::sys_seconds(-moment));
}

} // namespace provisor::fuzz
