// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/many_test.cpp, tests/local/fetch/process_test.cpp
#pragma once

namespace provisor {

/// The program behind main(): reads frames from `socket`, does the transfers they ask for, answers
/// with frames. Returns when the agent has gone away. Throws Error of kind io when it cannot work
/// at all.
void run_fetcher(int socket);

/// The same within a program that goes on afterwards: everything is given back, for which it waits
/// for names that are being looked up.
void run_fetcher_and_clean_up(int socket);

} // namespace provisor
