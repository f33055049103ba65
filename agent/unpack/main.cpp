// SPDX-License-Identifier: Apache-2.0
// provisor-unpack: compression and archives for the agent. It is started by the agent alone, with
// a socket as descriptor 3 and the artifact as descriptor 4.
#include "base/error.hpp"
#include "base/privileges.hpp"
#include "unpack/confinement.hpp"
#include "unpack/unpacker.hpp"
#include "wire/frame.hpp"

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr int agent_socket = 3;
constexpr int artifact_file = 4;

bool has_agent() {
    int domain = 0;
    socklen_t size = sizeof domain;
    return ::getsockopt(agent_socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
           domain == AF_UNIX;
}

} // namespace

int main() {
    if (!has_agent()) {
        std::fputs("provisor-unpack is started by provisor and does nothing by itself\n", stderr);
        return 2;
    }
    try {
        // libarchive would convert names into the locale's characters: these are what they are in,
        // so that nothing has to be converted, for which iconv would have to be loaded.
        std::setlocale(LC_CTYPE, "C.UTF-8");
        // And it converts the times of a zip, which are of no interest, but would be looked up.
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
        provisor::leave_network();
        provisor::drop_privileges("provisor-unpack", artifact_file);
        provisor::limit_resources();
        const provisor::Artifact artifact(artifact_file);
        provisor::limit_system_calls();
        provisor::run_unpacker(agent_socket, artifact);
    } catch (const std::exception& error) {
        const std::string frame =
            provisor::encode_frame(provisor::FrameType::fatal, 0, error.what());
        ::send(agent_socket, frame.data(), frame.size(), MSG_NOSIGNAL);
        ::_exit(1);
    }
    ::_exit(0);
}
