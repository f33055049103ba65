// SPDX-License-Identifier: Apache-2.0
// A provisor-fetch that asks nobody, and whose answers are what the paths of the URLs say. It dies,
// hangs and lies as one does that was taken over. What it delivers is its process id and whether it
// was given a client certificate.
//   /kill      it dies of SIGSEGV once a moment is over    /late      answers after that
//   /begun     the same, after half of the body            /hang      no answer, as long as it
//   lives /endless   a body of a byte now and then               /empty     pieces of a body that
//   are empty /forever   a body that goes on when it is abandoned    anything else is answered at
//   once
#include "wire/agent_socket.hpp"
#include "wire/messages.hpp"

#include <chrono>
#include <csignal>
#include <map>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace provisor;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds moment(150);

class Fragile {
public:
    void run() {
        for (;;) {
            pollfd ready{agent_descriptor, POLLIN, 0};
            ::poll(&ready, 1, 20);
            if (ready.revents != 0 && !agent_.receive())
                return;
            while (const auto frame = agent_.next())
                take(*frame);
            act();
        }
    }

private:
    struct Open {
        std::string path;
        Clock::time_point since = Clock::now();
    };

    void take(const Frame& frame) {
        if (frame.type == FrameType::settings) {
            settings_ = decode_settings(frame.payload);
            agent_.send(FrameType::ready, 0, "");
        } else if (frame.type == FrameType::get) {
            const FetchRequest request = decode_request(frame.payload);
            const std::size_t path = request.url.find('/', request.url.find("://") + 3);
            begin(frame.id, {request.url.substr(path)});
        }
    }

    void begin(std::uint32_t id, const Open& one) {
        open_[id] = one;
        const bool has_body =
            is(one, "/begun") || is(one, "/endless") || is(one, "/empty") || is(one, "/forever");
        if (has_body)
            send_head(id);
        if (is(one, "/begun"))
            agent_.send(FrameType::data, id, "half");
    }

    void act() {
        for (auto one = open_.begin(); one != open_.end();) {
            const auto& [id, request] = *one;
            const bool late = Clock::now() - request.since > moment;
            if (late && (is(request, "/kill") || is(request, "/begun"))) {
                std::signal(SIGSEGV, SIG_DFL);
                ::raise(SIGSEGV);
            }
            if (is(request, "/endless"))
                agent_.send(FrameType::data, id, "x");
            if (is(request, "/empty"))
                agent_.send(FrameType::data, id, "");
            if (is(request, "/forever"))
                agent_.send(FrameType::data, id, std::string(60'000, 'x'));
            const bool answers =
                request.path.starts_with("/fine") || (is(request, "/late") && late);
            if (answers)
                answer(id);
            one = answers ? open_.erase(one) : std::next(one);
        }
    }

    void answer(std::uint32_t id) {
        send_head(id);
        agent_.send(FrameType::data, id,
                    std::to_string(::getpid()) +
                        (settings_.client_key_pem.empty() ? "" : " with certificate"));
        agent_.send(FrameType::end, id, "");
    }

    void send_head(std::uint32_t id) {
        FetchHead head;
        head.status = 200;
        head.etag = "\"1\"";
        agent_.send(FrameType::head, id, encode(head));
    }

    static bool is(const Open& one, const char* path) { return one.path.starts_with(path); }

    AgentSocket agent_{agent_descriptor};
    FetchSettings settings_;
    std::map<std::uint32_t, Open> open_;
};

} // namespace

int main() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    return serve_agent("provisor-fragile-fetch", [] { Fragile().run(); });
}
