// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/process_test.cpp
// provisor-unpack: compression and archives for the agent, which starts it, or talks to
// provisor-unpack.socket.
#include "unpack/confinement.hpp"
#include "unpack/unpacker.hpp"
#include "wire/agent_socket.hpp"

#include <clocale>
#include <cstdlib>
#include <ctime>

int main() {
    return provisor::serve_agent("provisor-unpack", [] {
        // libarchive would convert names into the locale's characters: these are what they are in,
        // so that nothing has to be converted, for which iconv would have to be loaded.
        std::setlocale(LC_CTYPE, "C.UTF-8");
        // And it converts the times of a zip, which are of no interest, but would be looked up.
        ::setenv("TZ", "UTC0", 1);
        ::tzset();
        const provisor::HandedOver handed = provisor::confine_unpacker();
        provisor::run_unpacker(provisor::agent_descriptor, handed.artifact, handed.dictionary);
    });
}
