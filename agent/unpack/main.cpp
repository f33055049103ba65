// SPDX-License-Identifier: Apache-2.0
// provisor-unpack: compression and archives for the agent, which starts it, or talks to
// provisor-unpack.socket.
#include "base/privileges.hpp"
#include "unpack/confinement.hpp"
#include "unpack/unpacker.hpp"
#include "wire/agent_socket.hpp"
#include "wire/handed_files.hpp"

#include <clocale>
#include <cstdlib>
#include <ctime>
#include <optional>

int main() {
    return provisor::serve_agent("provisor-unpack", [] {
        // libarchive would convert names into the locale's characters: these are what they are in,
        // so that nothing has to be converted, for which iconv would have to be loaded.
        std::setlocale(LC_CTYPE, "C.UTF-8");
        // And it converts the times of a zip, which are of no interest, but would be looked up.
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
        provisor::leave_network();
        provisor::drop_privileges("provisor-unpack", provisor::agent_descriptor);
        // For good: their end is that of the process.
        static const auto files = provisor::receive_files(provisor::agent_descriptor);
        provisor::limit_resources();
        const provisor::Artifact artifact(files[0].get());
        std::optional<provisor::Artifact> dictionary;
        if (files.size() > 1)
            dictionary.emplace(files[1].get());
        provisor::limit_system_calls();
        provisor::run_unpacker(provisor::agent_descriptor, artifact, dictionary);
    });
}
