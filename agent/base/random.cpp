// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <sys/random.h>

namespace provisor {

std::uint64_t random_number() {
    std::uint64_t number = 0;
    // Only a signal before the kernel has its first random bytes can cut it off.
    while (::getrandom(&number, sizeof number, 0) != sizeof number) {
    }
    return number;
}

} // namespace provisor
