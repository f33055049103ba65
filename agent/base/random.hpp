// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace provisor {

/// A number that nobody can guess (getrandom(2)), evenly distributed.
std::uint64_t random_number();

} // namespace provisor
