// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace provisor::test {

/// What a test allows for what is over after `limit` on a machine that does other things as well.
/// Sanitizers make all that is done slower, but no sleep longer: what they test is not the time.
template <typename Duration>
constexpr auto within(Duration limit) {
#ifdef PROVISOR_SANITIZED
    return limit * 5;
#else
    return limit;
#endif
}

} // namespace provisor::test
