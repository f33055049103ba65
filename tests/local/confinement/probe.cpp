// SPDX-License-Identifier: Apache-2.0
#include "local/confinement/probe.hpp"

#include "local/confinement/attempts.hpp"
#include "wire/agent_socket.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

int port = 0;

void tell(const std::string& what, const std::string& result) {
    const std::string line = what + ": " + result + "\n";
    if (::send(agent_descriptor, line.data(), line.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(line.size()))
        ::_exit(3);
}

std::string name_of(int problem) {
    const char* name = ::strerrorname_np(problem);
    return name != nullptr ? name : std::to_string(problem);
}

std::string result_of(const Attempt& attempt, const Quarry& quarry) {
    return attempt.make(quarry) < 0 ? name_of(errno) : "done";
}

/// In a child, since what it does stays done there.
void make_free(const Attempt& attempt, const Quarry& quarry) {
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string result = result_of(attempt, quarry);
        ::_exit(result == "done" ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    tell(attempt.name, status == 0 ? "done" : name_of(WEXITSTATUS(status)));
}

void leave_the_machine() {
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        tell("no namespaces", name_of(errno));
}

} // namespace

int port_of_test() { return port; }

int run_probe(int count, char** arguments, void (*confine)(), std::initializer_list<Need> needs) {
    if (count < 5)
        return 2;
    Quarry quarry;
    quarry.victim = std::atoi(arguments[2]);
    quarry.memory = reinterpret_cast<void*>(std::strtoull(arguments[3], nullptr, 16));
    port = std::atoi(arguments[4]);
    const bool free = count > 5 && std::string_view(arguments[5]) == "free";
    try {
        free ? leave_the_machine() : confine();
    } catch (const std::exception& error) {
        tell("confine", error.what());
        return 1;
    }
    int number = 0;
    for (const std::span<const Attempt> attempts :
         {forbidden_attempts(), attempts_on_readable_files()})
        for (const Attempt& attempt : attempts) {
            quarry.file = std::string(arguments[1]) + "/file" + std::to_string(number);
            quarry.folder = std::string(arguments[1]) + "/folder" + std::to_string(number++);
            if (free)
                make_free(attempt, quarry);
            else
                tell(attempt.name, result_of(attempt, quarry));
        }
    for (const Need& need : needs)
        if (!free)
            tell(need.name, need.works() ? "works" : name_of(errno));
    ::_exit(0);
}

} // namespace provisor::test
