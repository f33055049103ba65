// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <cstddef>
#include <functional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace provisor::fuzz {

/// What an origin does with one connection, step by step.
struct Step {
    bool awaits = false; ///< first waits for the end of another request's head
    bool closes = false; ///< in place of sending
    std::string_view bytes;
};
using Script = std::vector<Step>;

/// The network of a fetcher that runs in this very thread: while it stands, connect(2) to an
/// address of the internet leads to the next of its scripts, and the origins of those are given
/// their turn whenever the fetcher waits in poll(2). Its time goes on when nobody has
/// anything to do. Nothing depends on another thread but the look-up of names, each of which is
/// that of 127.0.0.1. There is one at a time.
class ConversationWorld {
public:
    /// `agent` is called at each turn; it returns whether it has something left to wait for.
    ConversationWorld(std::vector<Script> scripts, std::function<bool()> agent);
    ConversationWorld(const ConversationWorld&) = delete;
    ConversationWorld& operator=(const ConversationWorld&) = delete;
    ~ConversationWorld();

    static ConversationWorld* current() { return current_; }
    int connect(int socket);
    /// Does not sleep: when nothing happens, the time is over at once.
    int poll(pollfd* fds, nfds_t count, int timeout);

    /// All that was sent over each connection.
    const std::vector<std::string>& sent() const { return sent_; }

private:
    struct Connection {
        Fd socket;
        Script script;
        std::size_t step = 0;
        std::size_t requests = 0; ///< whose heads have come, and were not awaited yet
        std::string received;     ///< of the head that is coming
        bool closed = false;
    };
    bool turn();
    bool turn(std::size_t number);
    void receive(Connection& one);

    static ConversationWorld* current_;
    std::vector<Script> scripts_;
    std::function<bool()> agent_;
    nlink_t threads_; ///< of this process when it began
    std::vector<Connection> connections_;
    std::vector<std::string> sent_;
    unsigned idle_ = 0; ///< turns in a row in which nothing happened
};

} // namespace provisor::fuzz
