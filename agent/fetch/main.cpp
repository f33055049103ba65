// SPDX-License-Identifier: Apache-2.0
// provisor-fetch: HTTP and TLS for the agent, which alone starts it.
#include "base/privileges.hpp"
#include "fetch/fetcher.hpp"
#include "wire/agent_socket.hpp"

#include <csignal>

int main() {
    return provisor::serve_agent("provisor-fetch", [] {
        // libcurl leaves this to the program when it is told not to touch signals, and OpenSSL
        // writes to sockets that the other side has closed.
        std::signal(SIGPIPE, SIG_IGN);
        provisor::drop_privileges("provisor-fetch", provisor::agent_descriptor);
        provisor::run_fetcher(provisor::agent_descriptor);
    });
}
