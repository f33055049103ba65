// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "origin/request.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace provisor::test {

/// What is served at a path.
struct Page {
    std::shared_ptr<const std::string> content;
    std::string etag; ///< empty: none
    std::string last_modified;
    std::string behavior;     ///< see Behavior; a request's query comes before it
    std::string headers = {}; ///< further ones of the answer, each with its line end
    std::uint64_t repeat = 1; ///< the body is the content so many times over
    std::string raw = {}; ///< not empty: these bytes are the whole answer, whatever the request is
};

/// A page of this content.
Page page(std::string content, std::string etag = "", std::string behavior = "");

/// A page that answers with these bytes and nothing else, however wrong they are. The connection
/// stays open unless the behavior says "close".
Page raw_page(std::string bytes, std::string behavior = "");

/// One request and what came of it. The count of bytes is what was handed to the kernel.
struct Exchange {
    Request request;
    int status = 0; ///< 0: none was sent
    std::uint64_t body_bytes = 0;
    unsigned connection = 0; ///< connections are numbered from 1
    std::string etag;        ///< of the answer
};

/// An HTTP/1.1 server on 127.0.0.1 (or another address) that answers as its pages say, however
/// wrong that is, and remembers every exchange. Each connection has a thread; all end with the
/// server.
class Origin {
public:
    using Find = std::function<std::optional<Page>(const std::string& path)>;
    using Observe = std::function<void(const Exchange&)>;

    /// Serves what serve() is told. Port 0 takes a free one.
    explicit Origin(std::uint16_t port = 0);
    /// Serves what `find` finds, and tells each exchange when its answer is about to be complete,
    /// so that a client that has the whole answer can rely on it. Both are called from many
    /// threads.
    Origin(std::uint16_t port, Find find, Observe observe, std::string address = "127.0.0.1");
    Origin(const Origin&) = delete;
    Origin& operator=(const Origin&) = delete;
    ~Origin();

    void serve(const std::string& path, Page page);
    std::uint16_t port() const { return port_; }
    /// "http://ADDRESS:PORT" and the path.
    std::string url(const std::string& path) const;

    std::vector<Exchange> log() const;
    /// The log as soon as it has so many entries, or after five seconds: an answer that its client
    /// gives up is in it a moment later, and behind one that was asked for afterwards.
    std::vector<Exchange> await_log(std::size_t count) const;
    std::size_t count(int status) const;
    std::uint64_t body_bytes() const;
    unsigned connections() const;
    /// Waits, for five seconds at the most, until every connection has ended: what is sent to a
    /// client that is gone is told a little later.
    void await_ends() const;
    /// Empties the log. An answer that is still on its way then (its client may have left long ago)
    /// is not in it later either.
    void forget();

private:
    void listen();
    void accept_all();
    void join_ended();
    void converse(int client, unsigned number);
    std::optional<Page> find(const std::string& path) const;
    unsigned chapter() const;
    void remember(const Exchange& exchange, unsigned chapter);

    mutable std::mutex mutex_;
    std::uint16_t port_;
    std::string address_;
    Find find_;
    Observe observe_;
    std::map<std::string, Page> pages_;
    std::vector<Exchange> log_;
    unsigned chapter_ = 0;         ///< of the log: how often it was emptied
    std::map<unsigned, int> open_; ///< connection → descriptor, while its thread serves it
    std::map<unsigned, std::thread> threads_; ///< by connection
    std::vector<unsigned> over_;              ///< connections whose threads end now or have ended
    unsigned connections_ = 0;
    bool stopping_ = false;
    Fd listener_;
    std::thread acceptor_;
};

} // namespace provisor::test
