// SPDX-License-Identifier: Apache-2.0
#include "faults/lossy_network.hpp"

#include "base/fd.hpp"
#include "faults/own_namespace.hpp"
#include "support/shell.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace provisor::test {
namespace {

constexpr int ethernet_mtu = 1500;

std::string rules(unsigned percent) {
    return "nft -f - <<'RULES'\nflush ruleset\ntable inet test {\n  chain input {\n    type filter "
           "hook "
           "input priority 0;\n    numgen random mod 100 < " +
           std::to_string(percent) + " counter drop\n  }\n}\nRULES\n";
}

/// Brings the loopback up, with packets of an Ethernet's size: whole ones of 64 KiB are few, and a
/// lost one is a large gap.
bool set_up_loopback() {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_mtu = ethernet_mtu;
    bool done = ::ioctl(socket.get(), SIOCSIFMTU, &loopback) == 0;
    constexpr std::uint32_t commands[] = {ETHTOOL_STSO, ETHTOOL_SGSO};
    for (const std::uint32_t command : commands) {
        ethtool_value off{command, 0};
        loopback.ifr_data = reinterpret_cast<char*>(&off);
        done = ::ioctl(socket.get(), SIOCETHTOOL, &loopback) == 0 && done;
    }
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    return ::ioctl(socket.get(), SIOCSIFFLAGS, &loopback) == 0 && done;
}

} // namespace

std::string LossyNetwork::with(const std::function<void(LossyNetwork&)>& test) {
    bool done = false;
    shell("command -v nft", done);
    if (!done)
        return "nft (nftables) is not installed";
    return in_own_namespace(CLONE_NEWNET, [&] {
        if (!set_up_loopback())
            throw NoNamespace(std::string("the loopback cannot be set up: ") +
                              std::strerror(errno));
        const std::string said = shell(rules(0), done);
        if (!done)
            throw NoNamespace("this kernel takes no such rule of nftables: " + said);
        LossyNetwork network;
        test(network);
    });
}

void LossyNetwork::lose(unsigned percent) {
    bool done = false;
    const std::string said = shell(rules(percent), done);
    if (!done)
        throw std::runtime_error("nft: " + said);
}

std::uint64_t LossyNetwork::lost() const {
    bool done = false;
    const std::string listing = shell("nft list chain inet test input", done);
    const std::string before = "counter packets ";
    const std::size_t at = listing.find(before);
    if (at == std::string::npos)
        throw std::runtime_error("nft: " + listing);
    return std::stoull(listing.substr(at + before.size()));
}

} // namespace provisor::test
