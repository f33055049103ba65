// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "origin/connection.hpp"
#include "origin/origin.hpp"

#include <functional>

namespace provisor::test {

/// Answers a request with a page (absent: 404) as the page's behavior and the request's query say.
/// Fills in `exchange` and calls `complete` once, before the last bytes go out or when none will.
/// Returns whether the connection can take another request.
bool answer(Connection& connection, const std::optional<Page>& page, Exchange& exchange,
            const std::function<void()>& complete);

} // namespace provisor::test
