// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace provisor::test {

/// The loopback of a network namespace of its own, on which packets of an Ethernet's size get lost
/// by chance, as nftables has them.
class LossyNetwork {
public:
    /// Runs `test` in a thread that is in such a network, with all threads and processes that it
    /// starts. Returns why it could not be made; empty when it could.
    static std::string with(const std::function<void(LossyNetwork&)>& test);

    /// Of each hundred packets so many are dropped from now on, in either direction.
    void lose(unsigned percent);
    /// So many were since.
    std::uint64_t lost() const;

private:
    LossyNetwork() = default;
};

} // namespace provisor::test
