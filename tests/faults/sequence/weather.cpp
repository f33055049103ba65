// SPDX-License-Identifier: Apache-2.0
#include "faults/sequence/weather.hpp"

#include <array>
#include <functional>

namespace provisor::test {
namespace {

constexpr std::array told{"status=503",
                          "status=500",
                          "status=404",
                          "status=403",
                          "status=429",
                          "html",
                          "empty",
                          "redir=3&code=302",
                          "redir=2&code=307",
                          "loop",
                          "no304",
                          "always304",
                          "spur304",
                          "etag=perreq",
                          "etag304=\"other\"",
                          "nolen",
                          "chunked",
                          "http10",
                          "early",
                          "trailer",
                          "enc=gzip",
                          "enc=deflate",
                          "dupcl",
                          "samecl",
                          "clte",
                          "cl=-1",
                          "cl=many",
                          "big=10T",
                          "endless",
                          "endlesschunk",
                          "chunkcut",
                          "badchunk",
                          "nulhdr",
                          "ctlhdr",
                          "hugehdr=400K",
                          "manyhdr=2000",
                          "badstatus",
                          "http09",
                          "reset",
                          "close0",
                          "close",
                          "range=ignore",
                          "range=wrong",
                          "range=total",
                          "range=multi",
                          "range=416",
                          "range=newetag",
                          "range=nolength"};

/// After so many bytes, which is put behind them.
constexpr std::array cut{"cut=", "rst=", "chunked,cut=", "etag=perreq,cut=", "early,rst="};
constexpr std::array slow{"hang", "slowhdr", "drip", "stall="};
constexpr std::array only_if_checked{"range=shift", "cl=", "nolen,cut=", "http10,cut="};

std::string with_size(std::string behavior, std::mt19937_64& random) {
    constexpr unsigned most = 70'000;
    return behavior.ends_with('=') ? behavior + std::to_string(random() % most) : behavior;
}

} // namespace

std::string weather(std::uint64_t seed, const std::string& path, unsigned n, Checked checked) {
    std::seed_seq numbers{seed, seed >> 32U, std::uint64_t{std::hash<std::string>()(path)},
                          std::uint64_t{n}};
    std::mt19937_64 random(numbers);
    const auto chance = random() % 100;
    if (chance < 15)
        return "";
    if (chance < 40)
        return with_size(one_of(cut, random), random);
    if (chance < 42)
        return with_size(one_of(slow, random), random);
    if (chance < 55 && checked == Checked::yes)
        return with_size(one_of(only_if_checked, random), random);
    return one_of(told, random);
}

} // namespace provisor::test
