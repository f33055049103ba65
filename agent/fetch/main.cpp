// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/process_test.cpp
// provisor-fetch: HTTP and TLS for the agent, which starts it or connects to provisor-fetch.socket.
#include "fetch/confinement.hpp"
#include "fetch/fetcher.hpp"
#include "wire/agent_socket.hpp"

#include <csignal>

int main() {
    return provisor::serve_agent("provisor-fetch", [] {
        // libcurl leaves this to the program when it is told not to touch signals, and OpenSSL
        // writes to sockets that the other side has closed.
        std::signal(SIGPIPE, SIG_IGN);
        provisor::confine_fetcher();
        provisor::run_fetcher(provisor::agent_descriptor);
    });
}
