// SPDX-License-Identifier: Apache-2.0
// The service that the stories keep up to date. Prints one line when it starts, then waits for SIGTERM.
//   service --version             prints "service VERSION"
//   service [--slow-stop SECONDS] takes that long to stop
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#ifndef SERVICE_VERSION
#error "give SERVICE_VERSION, of the same length in each build"
#endif

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
        std::puts("service " SERVICE_VERSION);
        return 0;
    }
    const bool slow = argc == 3 && std::strcmp(argv[1], "--slow-stop") == 0;
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, nullptr);
    std::puts("service " SERVICE_VERSION " started");
    std::fflush(stdout);
    int signal = 0;
    sigwait(&stop, &signal);
    if (slow) {
        sleep(static_cast<unsigned>(std::atoi(argv[2])));
    }
    return 0;
}
