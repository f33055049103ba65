// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/strike/blow.hpp"

#include <string>
#include <vector>

namespace provisor::test {

/// All blows that are tried.
const std::vector<Blow>& blows();

/// A name for what is tried: "update/ENOSPC+/17".
std::string point_name(const std::string& workload, const Blow& blow, std::uint64_t at);

/// Some of these places, spread evenly; other ones with each `turn`, always the same for the same.
std::vector<std::uint64_t> sample(const std::vector<std::uint64_t>& places, std::size_t count,
                                  std::size_t turn);

} // namespace provisor::test
