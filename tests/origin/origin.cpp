// SPDX-License-Identifier: Apache-2.0
#include "origin/origin.hpp"

#include "base/error.hpp"
#include "origin/answer.hpp"
#include "origin/behavior.hpp"
#include "origin/connection.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <numeric>
#include <poll.h>
#include <sys/socket.h>

namespace provisor::test {
namespace {

/// Room for all connections that a test may open at once.
constexpr int backlog = 1024;

sockaddr* as_address(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

void require(bool done, const char* what) {
    if (!done)
        throw system_error(errno, what);
}

} // namespace

Page page(std::string content, std::string etag, std::string behavior) {
    return {std::make_shared<const std::string>(std::move(content)), std::move(etag), "",
            std::move(behavior)};
}

Page raw_page(std::string bytes, std::string behavior) {
    Page answer = page("", "", std::move(behavior));
    answer.raw = std::move(bytes);
    return answer;
}

Origin::Origin(std::uint16_t port)
    : Origin(
          port, [this](const std::string& path) { return find(path); }, [](const Exchange&) {}) {}

Origin::Origin(std::uint16_t port, Find find, Observe observe, std::string address)
    : port_(port), address_(std::move(address)), find_(std::move(find)),
      observe_(std::move(observe)) {
    listen();
    acceptor_ = std::thread([this] { accept_all(); });
}

Origin::~Origin() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (const auto& [number, client] : open_)
            ::shutdown(client, SHUT_RDWR);
    }
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    for (auto& [number, thread] : threads_)
        thread.join();
}

void Origin::listen() {
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    require(bool(listener_), "make a socket");
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    ::inet_pton(AF_INET, address_.c_str(), &address.sin_addr);
    socklen_t size = sizeof address;
    require(::bind(listener_.get(), as_address(address), size) == 0, "bind the port");
    require(::listen(listener_.get(), backlog) == 0, "listen");
    require(::getsockname(listener_.get(), as_address(address), &size) == 0, "learn the port");
    port_ = ntohs(address.sin_port);
}

void Origin::accept_all() {
    for (;;) {
        const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        const std::lock_guard lock(mutex_);
        if (client < 0 || stopping_) {
            Fd unwanted(client);
            return;
        }
        const unsigned number = ++connections_;
        open_[number] = client;
        join_ended();
        threads_[number] = std::thread([this, client, number] { converse(client, number); });
    }
}

/// What is kept of threads that nobody joins is their stacks. With mutex_ held.
void Origin::join_ended() {
    for (const unsigned number : over_) {
        threads_.at(number).join();
        threads_.erase(number);
    }
    over_.clear();
}

void Origin::converse(int client, unsigned number) {
    const int on = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection connection{Fd(client)};
    bool usable = true;
    while (usable) {
        std::optional<Request> request = connection.receive();
        if (!request)
            break;
        Exchange exchange;
        exchange.request = std::move(*request);
        exchange.connection = number;
        const unsigned chapter = this->chapter();
        usable = answer(connection, find_(exchange.request.path), exchange,
                        [&] { remember(exchange, chapter); });
    }
    // Not before nobody can shut the number down any more: it may be another's by then.
    const std::lock_guard lock(mutex_);
    open_.erase(number);
    over_.push_back(number);
}

unsigned Origin::chapter() const {
    const std::lock_guard lock(mutex_);
    return chapter_;
}

void Origin::remember(const Exchange& exchange, unsigned chapter) {
    {
        const std::lock_guard lock(mutex_);
        if (chapter == chapter_)
            log_.push_back(exchange);
    }
    observe_(exchange);
}

void Origin::serve(const std::string& path, Page page) {
    const std::lock_guard lock(mutex_);
    (void)Behavior(page.behavior); // here, where the test can see that it is wrong
    pages_[path] = std::move(page);
}

std::optional<Page> Origin::find(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = pages_.find(path);
    return found == pages_.end() ? std::nullopt : std::optional(found->second);
}

std::string Origin::url(const std::string& path) const {
    return "http://" + address_ + ":" + std::to_string(port_) + path;
}

std::vector<Exchange> Origin::log() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

std::vector<Exchange> Origin::await_log(std::size_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::vector<Exchange> entries = log();
    while (entries.size() < count && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        entries = log();
    }
    return entries;
}

std::size_t Origin::count(int status) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        log_.begin(), log_.end(), [&](const Exchange& one) { return one.status == status; }));
}

std::uint64_t Origin::body_bytes() const {
    const std::lock_guard lock(mutex_);
    return std::accumulate(
        log_.begin(), log_.end(), std::uint64_t{0},
        [](std::uint64_t sum, const Exchange& one) { return sum + one.body_bytes; });
}

unsigned Origin::connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
}

void Origin::await_ends() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (open_.empty() || std::chrono::steady_clock::now() > deadline)
                return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void Origin::forget() {
    const std::lock_guard lock(mutex_);
    log_.clear();
    ++chapter_;
}

} // namespace provisor::test
