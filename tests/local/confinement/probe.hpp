// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>

namespace provisor::test {

/// What a program needs, which its confinement must leave it.
struct Need {
    const char* name;
    bool (*works)();
};

/// The main() of a program that was taken over: once `confine` has run, it makes every attempt of
/// attempts.hpp and then sees to what it needs, and tells the test of each in a line "NAME: RESULT"
/// over the socket to the agent. Started by confinement_test alone:
///   PROBE FOLDER VICTIM ADDRESS-IN-VICTIM PORT-OF-THE-TEST
/// With "free" for one more argument it is not confined, and makes each attempt in a child and in
/// namespaces of its own.
int run_probe(int count, char** arguments, void (*confine)(), std::initializer_list<Need> needs);

/// The port of 127.0.0.1 at which the test accepts connections.
int port_of_test();

} // namespace provisor::test
