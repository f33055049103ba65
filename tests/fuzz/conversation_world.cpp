// SPDX-License-Identifier: Apache-2.0
#include "fuzz/conversation_world.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace provisor::fuzz {
namespace {

/// After so many turns without anything the connections end, and after so many more it is a hang.
constexpr unsigned patience = 3;
constexpr unsigned limit = 2000;

/// How many milliseconds the clock of the world is ahead of that of the machine. Grows only.
std::atomic<std::int64_t> ahead{0};

/// The function of the C library that one of the same name here stands before.
template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int really_poll(pollfd* fds, nfds_t count, int timeout) {
    static auto* const real = next<int(pollfd*, nfds_t, int)>("poll");
    return real(fds, count, timeout);
}

/// The threads of this process are its tasks, each a folder there.
nlink_t count_threads() {
    struct stat facts {};
    return ::stat("/proc/self/task", &facts) == 0 ? facts.st_nlink : 0;
}

} // namespace

ConversationWorld* ConversationWorld::current_ = nullptr;

ConversationWorld::ConversationWorld(std::vector<Script> scripts, std::function<bool()> agent)
    : scripts_(std::move(scripts)), agent_(std::move(agent)), threads_(count_threads()) {
    current_ = this;
}

ConversationWorld::~ConversationWorld() { current_ = nullptr; }

int ConversationWorld::connect(int socket) {
    const std::size_t number = connections_.size();
    std::array<int, 2> pair{};
    if (number >= scripts_.size() ||
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0) {
        errno = ECONNREFUSED;
        return -1;
    }
    Connection& one = connections_.emplace_back();
    sent_.emplace_back();
    one.socket = Fd(pair[0]);
    one.script = scripts_[number];
    ::dup2(pair[1], socket);
    ::close(pair[1]);
    idle_ = 0;
    return 0;
}

int ConversationWorld::poll(pollfd* fds, nfds_t count, int timeout) {
    const bool moved = turn();
    const int ready = really_poll(fds, count, 0);
    if (ready != 0 || moved) {
        idle_ = ready != 0 || moved ? 0 : idle_;
        return ready;
    }
    if (++idle_ > limit) {
        std::fputs("a conversation does not end\n", stderr);
        std::abort();
    }
    // A name is looked up, which takes its time; all else waits for the time itself.
    if (count_threads() > threads_)
        return really_poll(fds, count, 1);
    ahead += timeout < 0 ? 1000 : timeout;
    return 0;
}

/// Gives everybody a turn. Returns whether anything happened.
bool ConversationWorld::turn() {
    const bool waits = agent_();
    bool moved = false;
    for (std::size_t i = 0; i < connections_.size(); ++i)
        moved = turn(i) || moved;
    return moved || !waits;
}

bool ConversationWorld::turn(std::size_t number) {
    Connection& one = connections_[number];
    if (one.closed)
        return false;
    receive(one);
    const bool over = one.step == one.script.size();
    if (over || one.script[one.step].closes || idle_ > patience) {
        // An origin that has nothing more to say goes on until nobody knows what to do.
        if (over && idle_ <= patience)
            return false;
        ::shutdown(one.socket.get(), SHUT_RDWR);
        one.closed = true;
        return true;
    }
    const Step& step = one.script[one.step];
    if (step.awaits && one.requests == 0)
        return false;
    if (step.awaits)
        --one.requests;
    ++one.step;
    const ssize_t gone =
        ::send(one.socket.get(), step.bytes.data(), step.bytes.size(), MSG_NOSIGNAL);
    if (gone > 0)
        sent_[number] += step.bytes.substr(0, static_cast<std::size_t>(gone));
    return true;
}

void ConversationWorld::receive(Connection& one) {
    std::array<char, 4096> part{};
    for (ssize_t got = 0;
         (got = ::recv(one.socket.get(), part.data(), part.size(), MSG_DONTWAIT)) > 0;) {
        one.received.append(part.data(), static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = one.received.find("\r\n\r\n")) != std::string::npos;) {
            one.received.erase(0, end + 4);
            ++one.requests;
        }
    }
}

} // namespace provisor::fuzz

// These stand before those of the C library, also for libcurl.

extern "C" int connect(int socket, const sockaddr* address, socklen_t size) {
    static auto* const real = provisor::fuzz::next<int(int, const sockaddr*, socklen_t)>("connect");
    auto* world = provisor::fuzz::ConversationWorld::current();
    const bool internet = address->sa_family == AF_INET || address->sa_family == AF_INET6;
    return world != nullptr && internet ? world->connect(socket) : real(socket, address, size);
}

/// libcurl uses a connection again only if it knows to whom it leads.
extern "C" int getpeername(int socket, sockaddr* address, socklen_t* size) {
    static auto* const real = provisor::fuzz::next<int(int, sockaddr*, socklen_t*)>("getpeername");
    const socklen_t room = *size;
    const int result = real(socket, address, size);
    if (provisor::fuzz::ConversationWorld::current() == nullptr || result != 0 ||
        address->sa_family != AF_UNIX || room < sizeof(sockaddr_in))
        return result;
    auto* internet = reinterpret_cast<sockaddr_in*>(address);
    *internet = {};
    internet->sin_family = AF_INET;
    internet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    internet->sin_port = htons(8);
    *size = sizeof *internet;
    return 0;
}

extern "C" int poll(pollfd* fds, nfds_t count, int timeout) {
    auto* world = provisor::fuzz::ConversationWorld::current();
    return world != nullptr && timeout != 0 ? world->poll(fds, count, timeout)
                                            : provisor::fuzz::really_poll(fds, count, timeout);
}

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
    static auto* const real =
        provisor::fuzz::next<int(const char*, const char*, const addrinfo*, addrinfo**)>(
            "getaddrinfo");
    const bool here = provisor::fuzz::ConversationWorld::current() != nullptr;
    return real(here ? "127.0.0.1" : name, service, hints, found);
}

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
    static auto* const real = provisor::fuzz::next<int(clockid_t, timespec*)>("clock_gettime");
    const int result = real(clock, now);
    if (clock == CLOCK_MONOTONIC && provisor::fuzz::ConversationWorld::current() != nullptr) {
        const std::int64_t ahead = provisor::fuzz::ahead;
        now->tv_sec += ahead / 1000;
        now->tv_nsec += ahead % 1000 * 1'000'000;
        now->tv_sec += now->tv_nsec / 1'000'000'000;
        now->tv_nsec %= 1'000'000'000;
    }
    return result;
}
