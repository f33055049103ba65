// SPDX-License-Identifier: Apache-2.0
#include "fetch/fetcher.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "fetch/attempts.hpp"
#include "fetch/download.hpp"
#include "wire/agent_socket.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <curl/curl.h>
#include <deque>
#include <fmt/format.h>
#include <iterator>
#include <list>
#include <utility>

namespace provisor {
namespace {

/// libcurl 7.88 can leave data of other HTTP/2 streams in its own buffers and then sleep through
/// the whole timeout of a poll, so while anything runs no poll is longer than this.
constexpr int busy_poll_ms = 5;
/// Attempts of probes do not share connections, and libcurl keeps their time.
constexpr int probing_poll_ms = 1000;
constexpr int idle_poll_ms = 60'000;
/// To a server that multiplexes: one, and its successor while it ends. Servers end a connection
/// after some number of requests (nginx after 1000), and libcurl 7.88 would then open a new one for
/// each of the transfers that are cut off.
constexpr long multiplexed_connections = 2;

/// What counts at most of the time between two looks at stalls.
constexpr std::chrono::milliseconds longest_look(500);

using Easy = CPtr<CURL, curl_easy_cleanup>;

class Fetcher {
public:
    explicit Fetcher(int socket) : agent_(socket), multi_(curl_multi_init()) {
        if (!multi_)
            throw Error(ErrorKind::io, "libcurl could not be set up");
    }
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;
    ~Fetcher() = default;

    /// Returns once the agent has gone away.
    void run();

private:
    struct Waiting {
        std::uint32_t id;
        FetchRequest request;
    };
    struct Active {
        Active(Waiting&& waiting, AgentSocket& agent, const FetchSettings& settings)
            : download(waiting.id, std::move(waiting.request), agent, settings) {}
        Download download;
        Easy handle; ///< of the hop; refers to the download, and so ends before it
    };

    int patience() const;
    void take(const Frame& frame);
    void take_settings(std::string_view payload);
    void abandon(std::uint32_t id);
    void start_waiting();
    void begin_hop(Active& one);
    void perform();
    void limit_connections(CURL* done);
    void end_stalled();
    void finish_done();
    void finish(CURL* handle, CURLcode code);

    AgentSocket agent_;
    FetchSettings settings_;
    CPtr<CURLM, curl_multi_cleanup> multi_;
    std::deque<Waiting> waiting_;
    std::list<Active> active_;
    Attempts attempts_{multi_.get(), agent_, settings_};
    StallMeter::Time last_look_;
    bool all_multiplex_ = true; ///< every server so far speaks HTTP/2
};

void Fetcher::run() {
    for (;;) {
        start_waiting();
        perform();
        finish_done();
        end_stalled();
        // What was begun meanwhile gets its turn before anybody sleeps.
        start_waiting();
        curl_waitfd agent{agent_.fd(), CURL_WAIT_POLLIN, 0};
        curl_multi_poll(multi_.get(), &agent, 1, patience(), nullptr);
        if (agent.revents == 0)
            continue;
        if (!agent_.receive())
            return;
        while (const std::optional<Frame> frame = agent_.next())
            take(*frame);
    }
}

/// How long to sleep at most, in milliseconds.
int Fetcher::patience() const {
    if (!active_.empty())
        return busy_poll_ms;
    return attempts_.empty() ? idle_poll_ms : probing_poll_ms;
}

void Fetcher::take(const Frame& frame) {
    switch (frame.type) {
    case FrameType::settings:
        take_settings(frame.payload);
        return;
    case FrameType::get:
        waiting_.push_back({frame.id, decode_request(frame.payload)});
        return;
    case FrameType::probe:
        attempts_.begin(frame.id, decode_probe_order(frame.payload));
        return;
    case FrameType::abandon:
        abandon(frame.id);
        return;
    default:
        throw Error(ErrorKind::io, "a frame that the agent does not send");
    }
}

void Fetcher::take_settings(std::string_view payload) {
    if (!active_.empty() || !attempts_.empty())
        throw Error(ErrorKind::io, "settings after the first request");
    settings_ = decode_settings(payload);
    for (const std::string& variable : settings_.environment)
        if (const std::size_t equals = variable.find('='); equals != std::string::npos)
            ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
    const auto parallel = static_cast<long>(settings_.parallel);
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, parallel);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, parallel);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, parallel);
    agent_.send(FrameType::ready, 0, "");
}

void Fetcher::abandon(std::uint32_t id) {
    // At once and not when its next byte comes: it may be one that stalls, and its place is wanted.
    const auto has_id = [&](const auto& one) { return one.id == id; };
    const auto active = std::find_if(active_.begin(), active_.end(),
                                     [&](const Active& one) { return one.download.id() == id; });
    if (active != active_.end()) {
        curl_multi_remove_handle(multi_.get(), active->handle.get());
        active_.erase(active);
    } else if (std::erase_if(waiting_, has_id) == 0) {
        return; // it was over before the agent's word came, and the agent has been told so
    }
    agent_.send(FrameType::failed, id, encode(FetchFailure{ErrorKind::io, "abandoned"}));
}

void Fetcher::start_waiting() {
    while (!waiting_.empty() && active_.size() < settings_.parallel) {
        active_.emplace_back(std::move(waiting_.front()), agent_, settings_);
        waiting_.pop_front();
        begin_hop(active_.back());
    }
}

/// No handle is used for a second hop or request. libcurl 7.83 to 8.0.1 frees the headers of an
/// answer when the next transfer of a handle begins, and keeps a pointer to the last of them
/// (data->state.prevhead). A next answer whose first header line is folded (RFC 9112, 5.2) is
/// appended to that: lib/headers.c, Curl_headers_push() and unfold_value(). Both answers are an
/// origin's to choose. Connections belong to the multi handle, and are used again all the same.
void Fetcher::begin_hop(Active& one) {
    one.handle.reset(curl_easy_init());
    if (!one.handle)
        throw Error(ErrorKind::io, "libcurl has no more handles");
    one.download.begin_hop(one.handle.get());
    if (curl_multi_add_handle(multi_.get(), one.handle.get()) != CURLM_OK)
        throw Error(ErrorKind::io, "libcurl took no more transfers");
}

void Fetcher::perform() {
    int running = 0;
    if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK)
        throw Error(ErrorKind::io, fmt::format("libcurl: {}", curl_multi_strerror(code)));
}

void Fetcher::limit_connections(CURL* done) {
    // libcurl has one limit for all hosts. A single one without HTTP/2 lifts it, since that one
    // needs them.
    long version = 0;
    curl_easy_getinfo(done, CURLINFO_HTTP_VERSION, &version);
    all_multiplex_ = all_multiplex_ && version == CURL_HTTP_VERSION_2_0;
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                      all_multiplex_ ? multiplexed_connections
                                     : static_cast<long>(settings_.parallel));
}

void Fetcher::end_stalled() {
    const auto now = std::chrono::steady_clock::now();
    const auto since = now - std::exchange(last_look_, now);
    // We look every few milliseconds: an agent took its time, or the machine stood still.
    if (since > longest_look)
        for (Active& one : active_)
            one.download.forgive(since - longest_look);
    for (auto one = active_.begin(); one != active_.end();) {
        const auto next = std::next(one);
        if (one->download.end_if_stalled(one->handle.get(), now)) {
            curl_multi_remove_handle(multi_.get(), one->handle.get());
            active_.erase(one);
        }
        one = next;
    }
}

void Fetcher::finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
        if (message->msg == CURLMSG_DONE)
            finish(message->easy_handle, message->data.result);
}

void Fetcher::finish(CURL* handle, CURLcode code) {
    if (attempts_.finish(handle, code))
        return;
    const auto one = std::find_if(active_.begin(), active_.end(), [&](const Active& active) {
        return active.handle.get() == handle;
    });
    if (one == active_.end())
        throw Error(ErrorKind::io, "libcurl finished what was not begun");
    limit_connections(handle);
    curl_multi_remove_handle(multi_.get(), handle);
    if (one->download.end_hop(handle, code)) {
        begin_hop(*one);
        return;
    }
    active_.erase(one);
}

void set_up_libcurl() {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        throw Error(ErrorKind::io, "libcurl could not be set up");
}

} // namespace

void run_fetcher(int socket) {
    set_up_libcurl();
    // For good: it lives as long as the process, because its end would wait for names that are
    // being looked up.
    (new Fetcher(socket))->run();
}

void run_fetcher_and_clean_up(int socket) {
    set_up_libcurl();
    Fetcher(socket).run();
}

} // namespace provisor
