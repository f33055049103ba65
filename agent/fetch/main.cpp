// SPDX-License-Identifier: Apache-2.0
// provisor-fetch: HTTP and TLS for the agent. It is started by the agent alone, with a socket as
// descriptor 3.
#include "base/error.hpp"
#include "base/privileges.hpp"
#include "fetch/fetcher.hpp"
#include "wire/frame.hpp"

#include <csignal>
#include <cstdio>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr int agent_socket = 3;

bool has_agent() {
    int domain = 0;
    socklen_t size = sizeof domain;
    return ::getsockopt(agent_socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
           domain == AF_UNIX;
}

} // namespace

int main() {
    if (!has_agent()) {
        std::fputs("provisor-fetch is started by provisor and does nothing by itself\n", stderr);
        return 2;
    }
    // libcurl leaves this to the program when it is told not to touch signals, and OpenSSL writes
    // to sockets that the other side has closed.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        provisor::drop_privileges("provisor-fetch", agent_socket);
        provisor::run_fetcher(agent_socket);
    } catch (const std::exception& error) {
        const std::string frame =
            provisor::encode_frame(provisor::FrameType::fatal, 0, error.what());
        ::send(agent_socket, frame.data(), frame.size(), MSG_NOSIGNAL);
        ::_exit(1);
    }
    // Without exit handlers: libcurl's would wait for a name that is being looked up.
    ::_exit(0);
}
