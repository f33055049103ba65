// SPDX-License-Identifier: Apache-2.0
// A provisor-fetch that was taken over.
#include "fetch/confinement.hpp"
#include "local/confinement/probe.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace {

bool reads_what_the_machine_trusts() {
    char byte = 0;
    const int file = ::open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return ::read(file, &byte, 1) == 1;
}

bool looks_names_up() {
    addrinfo* found = nullptr;
    return ::getaddrinfo("localhost", "80", nullptr, &found) == 0 && found != nullptr;
}

bool connects() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(provisor::test::port_of_test()));
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
           ::send(socket, "x", 1, MSG_NOSIGNAL) == 1;
}

bool starts_threads() {
    int there = 0;
    std::thread([&] { there = 1; }).join();
    return there == 1;
}

} // namespace

int main(int count, char** arguments) {
    return provisor::test::run_probe(count, arguments, provisor::confine_fetcher,
                                     {{"read what is trusted", reads_what_the_machine_trusts},
                                      {"look a name up", looks_names_up},
                                      {"connect to an origin", connects},
                                      {"start a thread", starts_threads}});
}
