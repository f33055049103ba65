// SPDX-License-Identifier: Apache-2.0
// The service that the stories keep up to date. Prints one line when it starts, then waits for
// SIGTERM.
//   service --version             prints "service VERSION"
//   service [--slow-stop SECONDS] takes that long to stop
//   service --serve PORT          answers GET /health on 127.0.0.1 with SERVICE_ANSWER, and
//                                 prints a line for each; a build with SERVICE_ANSWER 0 listens to
//                                 nobody
#include <arpa/inet.h>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SERVICE_VERSION
#error "give SERVICE_VERSION, of the same length in each build"
#endif
#ifndef SERVICE_ANSWER
#define SERVICE_ANSWER 200
#endif

namespace {

int listen_on(const char* port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener, 16) != 0) {
        std::perror("service: listen");
        std::exit(1);
    }
    return listener;
}

void answer_one(int listener) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    char request[2048];
    const ssize_t size = client < 0 ? 0 : recv(client, request, sizeof request - 1, 0);
    if (size > 0) {
        request[size] = '\0';
        const bool health = std::strncmp(request, "GET /health ", 12) == 0;
        const std::string status = std::to_string(health ? SERVICE_ANSWER : 404);
        std::printf("service " SERVICE_VERSION " answers %s\n", status.c_str());
        std::fflush(stdout);
        const std::string answer =
            "HTTP/1.1 " + status + " Test\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
        if (send(client, answer.data(), answer.size(), MSG_NOSIGNAL) < 0)
            std::perror("service: send");
    }
    close(client);
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
        std::puts("service " SERVICE_VERSION);
        return 0;
    }
    const bool slow = argc == 3 && std::strcmp(argv[1], "--slow-stop") == 0;
    const bool serves = argc == 3 && std::strcmp(argv[1], "--serve") == 0 && SERVICE_ANSWER != 0;
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, nullptr);
    pollfd events[] = {{signalfd(-1, &stop, SFD_CLOEXEC), POLLIN, 0},
                       {serves ? listen_on(argv[2]) : -1, POLLIN, 0}};
    std::puts("service " SERVICE_VERSION " started");
    std::fflush(stdout);
    while (poll(events, 2, -1) >= 0 && events[0].revents == 0)
        if (events[1].revents != 0)
            answer_one(events[1].fd);
    if (slow) {
        sleep(static_cast<unsigned>(std::atoi(argv[2])));
    }
    return 0;
}
