// SPDX-License-Identifier: Apache-2.0
// The whole of provisor-fetch, libcurl included, in one thread: the agent asks, origins answer as
// the input says, and whatever that is, each request has exactly one end, with bytes that an origin
// has sent.
//
// An input is a byte for the kinds of the requests, and what origins do with one connection after
// the other, in steps that begin with 0xFF and a letter:
//   >  wait for a request, then send what follows    +  send what follows
//   !  close the connection                          &  what follows is for the next connection
#include "base/error.hpp"
#include "fetch/fetcher.hpp"
#include "fuzz/conversation_world.hpp"
#include "fuzz/memory_file.hpp"
#include "fuzz/target.hpp"
#include "transfer/arrival.hpp"
#include "transfer/probe_line.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <list>
#include <sys/socket.h>

namespace provisor::fuzz {
namespace {

constexpr std::uint64_t max_size = 8192;
constexpr std::string_view part_bytes = "the first part";
constexpr std::uint32_t probe_id = 77;
constexpr char mark = '\xFF';

std::vector<Script> scripts_of(std::string_view text) {
    std::vector<Script> scripts(1);
    while (!text.empty() && scripts.size() <= 16) {
        const std::size_t at = text.find(mark);
        if (at == std::string_view::npos || at + 1 >= text.size())
            break;
        const char kind = text[at + 1];
        text.remove_prefix(at + 2);
        const std::string_view bytes = text.substr(0, text.find(mark));
        text.remove_prefix(bytes.size());
        if (kind == '&')
            scripts.emplace_back();
        else if (kind == '!')
            scripts.back().push_back({false, true, {}});
        if (!bytes.empty())
            scripts.back().push_back({kind == '>' || kind == '&', false, bytes});
    }
    return scripts;
}

TransferRequest request_of(std::uint8_t kind, std::uint32_t number) {
    TransferRequest request;
    request.component = "app";
    request.url = number % 2 == 0 ? "http://127.0.0.1:8/a" : "http://user:secret@127.0.0.1:9/b";
    request.max_size = max_size;
    request.secret_headers = {"Authorization: Bearer secret"};
    request.compressed = (kind & 8U) != 0;
    if ((kind & 16U) != 0)
        request.validator.etag = "\"v1\"";
    request.probe = (kind & 64U) != 0;
    // The agent has no part when it probes.
    if ((kind & 32U) != 0 && !request.probe) {
        ReadPart part{{"\"v1\"", part_bytes.size(), "", std::nullopt}, {}};
        part.sha.update(std::as_bytes(std::span(part_bytes)));
        request.part = std::move(part);
    }
    request.place.open = [](const BodyStart& start) {
        Fd file = memory_file(part_bytes.substr(0, start.present));
        ::lseek(file.get(), static_cast<off_t>(start.present), SEEK_SET);
        return file;
    };
    return request;
}

/// The agent, by its own code for what comes.
class Agent {
public:
    explicit Agent(std::uint8_t kind) : probes_((kind & 128U) != 0) {
        const std::uint32_t count = 1 + (kind & 7U) % 5;
        std::array<int, 2> pair{};
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0, "a socket");
        ours_ = Fd(pair[0]);
        theirs_ = Fd(pair[1]);
        FetchSettings settings;
        settings.connect_timeout = 10'000;
        settings.min_tls = "1.2";
        settings.parallel = 2;
        std::string bytes = encode_frame(FrameType::settings, 0, encode(settings));
        for (std::uint32_t i = 0; i < count; ++i)
            bytes += arrivals_.emplace_back(i, request_of(kind, i), progress_).ask();
        if (probes_)
            bytes +=
                encode_frame(FrameType::probe, probe_id,
                             encode(ProbeOrder{ProbeKind::http, "http://127.0.0.1:10/", 9000}));
        require(::send(ours_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                    static_cast<ssize_t>(bytes.size()),
                "the requests are few");
    }

    int fetcher_socket() const { return theirs_.get(); }

    /// Takes what has come; once it is all, it goes away. Returns whether it waits for more. What
    /// is thrown must not pass through libcurl, and is thrown by finish().
    bool take() noexcept {
        try {
            take_frames();
            const bool over = is_over();
            if (over && ours_)
                ::shutdown(ours_.get(), SHUT_WR);
            return !over;
        } catch (const std::exception& error) {
            if (problem_.empty())
                problem_ = error.what();
            ::shutdown(ours_.get(), SHUT_RDWR);
            return false;
        }
    }

    void finish(const std::vector<std::string>& sent) {
        take();
        require(problem_.empty(), problem_.c_str());
        for (Arrival& one : arrivals_) {
            require(one.closed(), "each request has an end");
            check(one.take_result(), sent);
        }
        require(!probes_, "a probe has a report");
        require(progress_.snapshot().running.empty(), "nothing is left running");
    }

private:
    bool is_over() const {
        return !probes_ && std::all_of(arrivals_.begin(), arrivals_.end(),
                                       [](const Arrival& one) { return one.closed(); });
    }

    void take_frames() {
        for (;;) {
            const auto space = reader_.space();
            const ssize_t got = ::recv(ours_.get(), space.data(), space.size(), MSG_DONTWAIT);
            if (got <= 0)
                return;
            reader_.filled(static_cast<std::size_t>(got));
            while (const auto frame = reader_.next())
                take(*frame);
        }
    }

    void take(const Frame& frame) {
        if (frame.type == FrameType::probed) {
            require(frame.id == probe_id && std::exchange(probes_, false), "one report of a probe");
            sighting_of(frame.id, ProbeKind::http, decode_probe_report(frame.payload));
            return;
        }
        require(frame.type != FrameType::fatal, "no answer ends the fetcher");
        if (frame.type == FrameType::ready)
            return;
        require(frame.id < arrivals_.size(), "what was asked is answered");
        if (!arrivals_[frame.id].take(frame)) {
            const std::string abandon = encode_frame(FrameType::abandon, frame.id, "");
            ::send(ours_.get(), abandon.data(), abandon.size(), MSG_NOSIGNAL);
        }
    }

    static void check(const TransferResult& result, const std::vector<std::string>& sent) {
        require(int{result.not_modified} + int{result.changed} + int{result.body.has_value()} +
                        int{result.error.has_value()} ==
                    1,
                "a request has one outcome");
        if (!result.body)
            return;
        std::string body(result.body->size, '\0');
        require(::pread(result.body->file.get(), body.data(), body.size(), 0) ==
                    static_cast<ssize_t>(body.size()),
                "a body is in its file");
        require(sha256_of(body) == result.body->sha256, "a body is hashed");
        if (result.resumed) {
            require(body.starts_with(part_bytes), "a part is kept");
            body.erase(0, part_bytes.size());
        }
        for (const std::string& bytes : sent)
            if (is_in(body, bytes))
                return;
        throw BrokenProperty("a body is what an origin has sent");
    }

    /// As it is, or in chunks, between whose bytes others are.
    static bool is_in(std::string_view body, std::string_view sent) {
        if (sent.find(body) != std::string_view::npos)
            return true;
        std::size_t taken = 0;
        for (const char c : sent)
            taken += taken < body.size() && body[taken] == c ? 1U : 0U;
        return taken == body.size();
    }

    bool probes_;
    Fd ours_;
    Fd theirs_;
    Progress progress_;
    std::vector<Arrival> arrivals_;
    FrameReader reader_;
    std::string problem_;
};

} // namespace

void conversations(std::string_view input) {
    std::signal(SIGPIPE, SIG_IGN);
    Input parts(input);
    Agent agent(parts.byte());
    ConversationWorld world(scripts_of(parts.rest()), [&] { return agent.take(); });
    run_fetcher_and_clean_up(agent.fetcher_socket());
    agent.finish(world.sent());
}

} // namespace provisor::fuzz
