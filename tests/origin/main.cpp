// SPDX-License-Identifier: Apache-2.0
// provisor-test-origin: serves the files below a folder on 127.0.0.1, with strong ETags of their
// content, to shell stories. It ends at SIGTERM, SIGINT, or when its parent ends.
#include "base/error.hpp"
#include "base/fd.hpp"
#include "origin/folder.hpp"
#include "origin/origin.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>

namespace {

using provisor::Fd;
using provisor::test::Exchange;

constexpr const char* usage =
    "usage: provisor-test-origin --root DIR [--listen 127.0.0.1:PORT] [--log FILE] [--behaviors "
    "FILE]\n"
    "  --listen     port 0 (the default) takes a free one; \"listening on 127.0.0.1:PORT\" is "
    "printed\n"
    "  --log        gets a line per request: method path status body-bytes if-none-match\n"
    "  --behaviors  lines \"PATH BEHAVIOR\", read at each request; a request's query is a "
    "behavior, too\n"
    "               (see behavior.hpp)\n";

std::map<std::string, std::string> parse_options(int count, char** arguments) {
    std::map<std::string, std::string> options{
        {"--root", ""}, {"--listen", "127.0.0.1:0"}, {"--log", ""}, {"--behaviors", ""}};
    for (int at = 1; at < count; at += 2) {
        const auto option = options.find(arguments[at]);
        if (option == options.end() || at + 1 == count)
            throw std::invalid_argument(std::string("what is '") + arguments[at] + "'?");
        option->second = arguments[at + 1];
    }
    if (options["--root"].empty())
        throw std::invalid_argument("--root is missing");
    return options;
}

std::uint16_t parse_port(const std::string& listen) {
    const std::string_view address = "127.0.0.1:";
    std::uint16_t port = 0;
    const char* end = listen.data() + listen.size();
    if (!listen.starts_with(address) ||
        std::from_chars(listen.data() + address.size(), end, port).ptr != end)
        throw std::invalid_argument("--listen takes 127.0.0.1:PORT");
    return port;
}

/// One write of one line to a file that is open for appending: whole lines, and a log that was
/// emptied by somebody goes on at its new end.
void log_exchange(int log, const Exchange& exchange) {
    const std::string condition = exchange.request.header("if-none-match");
    const std::string line = exchange.request.method + ' ' + exchange.request.path + ' ' +
                             std::to_string(exchange.status) + ' ' +
                             std::to_string(exchange.body_bytes) + ' ' +
                             (condition.empty() ? "-" : condition) + '\n';
    provisor::write_all(log, line, "write the log");
}

int run(int count, char** arguments) {
    auto options = parse_options(count, arguments);
    const std::uint16_t port = parse_port(options["--listen"]);
    Fd log;
    if (!options["--log"].empty()) {
        log = Fd(::open(options["--log"].c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
        if (!log)
            throw provisor::system_error(errno, "open the log");
    }
    // Blocked before the first thread is there, so that only the wait below takes them.
    sigset_t ends;
    sigemptyset(&ends);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&ends, signal);
    ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);

    provisor::test::Folder folder(options["--root"], options["--behaviors"]);
    const provisor::test::Origin origin(
        port, [&](const std::string& path) { return folder.find(path); },
        [&](const Exchange& exchange) {
            if (log)
                log_exchange(log.get(), exchange);
        });
    std::cout << "listening on 127.0.0.1:" << origin.port() << std::endl;
    int which = 0;
    ::sigwait(&ends, &which);
    return 0;
}

} // namespace

int main(int count, char** arguments) {
    try {
        return run(count, arguments);
    } catch (const std::invalid_argument& error) {
        std::cerr << "provisor-test-origin: " << error.what() << '\n' << usage;
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "provisor-test-origin: " << error.what() << '\n';
        return 1;
    }
}
