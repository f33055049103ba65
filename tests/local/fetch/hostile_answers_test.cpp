// SPDX-License-Identifier: Apache-2.0
// Answers that libcurl is led astray by. Each costs its own component, and nobody else's.
#include "local/fetch/rig.hpp"

#include <deque>
#include <gmock/gmock.h>
#include <mutex>

namespace provisor::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string fine = "HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nfine";
/// As long as what libcurl keeps of a header, so that the memory of one becomes that of the other.
const std::string long_header = "X-L: " + std::string(600, 'C') + "\r\n";
const std::string folded = " B: " + std::string(600, 'B') + "\r\n";
const std::string folded_answer =
    "HTTP/1.1 200 Fine\r\n" + folded + "Content-Length: 4\r\n\r\nfine";
const std::string long_path = "/" + std::string(900, 'l');

std::string redirect(const std::string& location, const std::string& headers = long_header) {
    return "HTTP/1.1 302 Found\r\n" + headers + "Location: " + location +
           "\r\nContent-Length: 0\r\n\r\n";
}

/// Pages that answer each request with the next of their answers, and go on with the last: what is
/// malformed on a connection that was used before is asked for once more, on a new one.
class Script {
public:
    void add(const std::string& path, std::string answer, const std::string& behavior = "") {
        const std::lock_guard lock(mutex_);
        answers_[path].push_back(raw_page(std::move(answer), behavior));
    }
    std::optional<Page> next(const std::string& path) {
        const std::lock_guard lock(mutex_);
        auto& left = answers_[path];
        if (left.empty())
            return path.starts_with("/fine") ? std::optional(page("fine")) : std::nullopt;
        Page answer = left.front();
        if (left.size() > 1)
            left.pop_front();
        return answer;
    }
    void forget() {
        const std::lock_guard lock(mutex_);
        answers_.clear();
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::deque<Page>> answers_;
};

class HostileAnswers : public testing::Test {
protected:
    /// The fetcher is the same process as before, and serves others on the same connections.
    void expect_unharmed() {
        script.forget();
        EXPECT_EQ(outcome_of(rig.get(origin.url("/fine"))), "200 with 4 bytes");
        EXPECT_EQ(outcome_of(rig.get(other.url("/fine"))), "200 with 4 bytes");
        EXPECT_EQ(rig.transfer().fetcher_pid(), pid) << "the fetcher has not survived it";
    }
    /// `path` fails by itself, and what follows does not.
    void expect_refused(const std::string& path, const char* says = "malformed header") {
        const TransferResult result = rig.get(origin.url(path));
        EXPECT_THAT(outcome_of(result), StartsWith("http: "));
        EXPECT_THAT(outcome_of(result), HasSubstr(says));
        expect_unharmed();
    }

    Script script;
    Origin origin{0, [this](const std::string& path) { return script.next(path); },
                  [](const Exchange&) {}};
    Origin other{0, [](const std::string&) { return page("fine"); }, [](const Exchange&) {}};
    Rig rig;
    const int pid = [this] {
        EXPECT_EQ(outcome_of(rig.get(other.url("/fine"))), "200 with 4 bytes");
        return rig.transfer().fetcher_pid();
    }();
};

TEST_F(HostileAnswers, AFoldedFirstHeaderAfterARedirect) {
    script.add("/app", redirect(long_path));
    script.add(long_path, folded_answer);
    expect_refused("/app");
}

TEST_F(HostileAnswers, AFoldedFirstHeaderAfterEachOfTenRedirects) {
    for (const char* blank : {" ", "\t"})
        for (int hop = 1; hop <= 10; ++hop) {
            script.add("/app", redirect("/app"));
            for (int i = 1; i < hop; ++i)
                script.add("/app", redirect("/app", "X-L: " + std::string(64U << i, 'D') + "\r\n"));
            script.add("/app", "HTTP/1.1 200 Fine\r\n" + (blank + folded.substr(1)) + "\r\n",
                       "close");
            expect_refused("/app");
        }
}

TEST_F(HostileAnswers, AFoldedFirstHeaderOfARedirectAfterARedirect) {
    script.add("/app", redirect("/two"));
    script.add("/two", redirect("/fine", folded + long_header));
    expect_refused("/app");
}

TEST_F(HostileAnswers, AFoldedFirstHeaderAfterTheAnswerToAnotherRequest) {
    for (int i = 0; i < 5; ++i) {
        script.add("/first",
                   "HTTP/1.1 200 Fine\r\n" + long_header + "Content-Length: 4\r\n\r\nfine");
        script.add("/second", folded_answer);
        EXPECT_EQ(outcome_of(rig.get(origin.url("/first"))), "200 with 4 bytes");
        expect_refused("/second");
    }
}

TEST_F(HostileAnswers, AFoldedFirstHeaderAfterAnError) {
    for (const char* status : {"401 Unauthorized", "404 Not Found", "416 Range Not Satisfiable",
                               "503 Service Unavailable", "304 Not Modified"}) {
        script.add("/first", std::string("HTTP/1.1 ") + status + "\r\n" + long_header +
                                 "WWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n");
        script.add("/second", folded_answer);
        EXPECT_THAT(outcome_of(rig.get(origin.url("/first"))), StartsWith("http: ")) << status;
        expect_refused("/second");
    }
}

/// The part that is there cannot be continued, so that the same request is made once more.
TEST_F(HostileAnswers, AFoldedFirstHeaderAfterAStartFromTheBeginning) {
    for (const char* status : {"416 Range Not Satisfiable", "206 Partial Content"}) {
        script.add("/app", std::string("HTTP/1.1 ") + status + "\r\n" + long_header +
                               "Content-Length: 0\r\n\r\n");
        script.add("/app", folded_answer);
        TransferRequest request = rig.request(origin.url("/app"));
        Sha256 sha;
        sha.update(std::as_bytes(std::span(std::string_view("part"))));
        request.part = ReadPart{{"\"one\"", 4, sha.so_far(), std::nullopt}, std::move(sha)};
        std::vector<TransferRequest> requests;
        requests.push_back(std::move(request));
        const std::string outcome = outcome_of(rig.run(std::move(requests)).at(0));
        EXPECT_THAT(outcome, StartsWith("http: ")) << status;
        EXPECT_THAT(outcome, HasSubstr("malformed header")) << status;
        expect_unharmed();
    }
}

/// What came unasked behind an answer is read as the next one's; that is asked again by itself.
TEST_F(HostileAnswers, AFoldedFirstHeaderOfAnAnswerThatNobodyAskedFor) {
    for (int i = 0; i < 5; ++i) {
        script.add("/first", fine + folded_answer);
        script.add("/second", fine);
        EXPECT_EQ(outcome_of(rig.get(origin.url("/first"))), "200 with 4 bytes");
        EXPECT_EQ(outcome_of(rig.get(origin.url("/second"))), "200 with 4 bytes");
        expect_unharmed();
    }
}

TEST_F(HostileAnswers, AFoldedFirstHeaderAfterAnInterimAnswer) {
    for (const char* before : {"", "X-E: early\r\n"})
        for (const char* interim : {"100 Continue", "103 Early Hints"}) {
            script.add("/app", redirect("/two"));
            script.add("/two", std::string("HTTP/1.1 ") + interim + "\r\n" + before + "\r\n" +
                                   folded_answer);
            expect_refused("/app");
            script.add("/app", redirect("/two"));
            script.add("/two",
                       std::string("HTTP/1.1 ") + interim + "\r\n" + folded + "\r\n" + fine);
            expect_refused("/app");
        }
}

/// libcurl may call that a success.
TEST_F(HostileAnswers, NothingButInterimAnswers) {
    const std::string early = "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n";
    for (const std::string& after :
         {std::string(), early,
          std::string("HTTP/1.1 100 Go on\r\n\r\nHTTP1/.1 200 OK\r\n\r\nfine")}) {
        script.add("/app", early + after, "close");
        expect_refused("/app", "");
    }
}

TEST_F(HostileAnswers, AFoldedFirstLineOfTrailers) {
    const std::string body =
        "Transfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n" + folded + "\r\n";
    for (const std::string& head : {std::string(), long_header}) {
        script.add("/app", redirect("/two"));
        script.add("/two", "HTTP/1.1 200 Fine\r\n" + head + body);
        // No field of trailers is used; that they are wrong may be seen or not.
        EXPECT_THAT(outcome_of(rig.get(origin.url("/app"))),
                    testing::AnyOf(StartsWith("http: "), "200 with 4 bytes"));
        expect_unharmed();
    }
}

TEST_F(HostileAnswers, AFoldedLineInTheVeryFirstAnswer) {
    for (const std::string& answer : {folded_answer, " " + folded_answer}) {
        script.add("/app", answer, "close");
        EXPECT_THAT(outcome_of(rig.get(origin.url("/app"))), StartsWith("http: "));
        expect_unharmed();
    }
}

/// RFC 9112, 5.2: it belongs to the header before it.
TEST_F(HostileAnswers, AFoldedLineBehindAHeaderIsPartOfIt) {
    script.add("/app",
               "HTTP/1.1 200 Fine\r\n" + long_header + folded + "Content-Length: 4\r\n\r\nfine",
               "close");
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 4 bytes");
    expect_unharmed();
    script.add("/app", "HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n 5\r\n\r\nfine", "close");
    EXPECT_THAT(outcome_of(rig.get(origin.url("/app"))),
                HasSubstr("the header 'content-length' in two lines"));
    expect_unharmed();
}

/// Those that are under way at the same time, on other connections and at another origin.
TEST_F(HostileAnswers, CostNoneOfTheRequestsBesideThem) {
    for (int round = 0; round < 10; ++round) {
        std::vector<TransferRequest> requests;
        for (int i = 0; i < 30; ++i) {
            const std::string number = std::to_string(i);
            if (i % 3 == 0) {
                script.add("/app" + number, redirect(long_path + number));
                script.add(long_path + number, folded_answer);
                requests.push_back(rig.request(origin.url("/app" + number)));
            } else {
                requests.push_back(
                    rig.request((i % 3 == 1 ? origin : other).url("/fine" + number)));
            }
        }
        const std::vector<TransferResult> results = rig.run(std::move(requests));
        for (std::size_t i = 0; i < results.size(); ++i)
            EXPECT_THAT(outcome_of(results[i]),
                        StartsWith(i % 3 == 0 ? "http: " : "200 with 4 bytes"));
    }
    expect_unharmed();
}

/// A handle for each hop does not mean a connection for each.
TEST_F(HostileAnswers, ConnectionsAreKeptBetweenHopsAndRequests) {
    const unsigned before = other.connections();
    script.add("/app", redirect("/two"));
    script.add("/two", redirect("/fine"));
    for (const char* path : {"/app", "/fine", "/fine"})
        EXPECT_EQ(outcome_of(rig.get(origin.url(path))), "200 with 4 bytes");
    EXPECT_EQ(origin.log().size(), 5U);
    EXPECT_EQ(origin.connections(), 1U);
    EXPECT_EQ(other.connections(), before);
}

class HostileProbes : public HostileAnswers {
protected:
    ProbeSighting see(const std::string& path) {
        rig.transfer().begin_probe({ProbeKind::http, origin.url(path), std::chrono::seconds(10)});
        for (;;)
            for (ProbeSighting& one :
                 rig.transfer().await_probes(std::chrono::seconds(1), rig.interrupt()))
                return std::move(one);
    }
};

TEST_F(HostileProbes, EndAsUnhealthyAndLeaveTheOthersAlone) {
    script.add("/fine", fine);
    EXPECT_TRUE(see("/fine").healthy);
    const int prober = rig.transfer().prober_pid();
    for (int i = 0; i < 5; ++i) {
        script.add("/first", redirect(long_path));
        EXPECT_FALSE(see("/first").healthy);
        script.add("/second", folded_answer);
        const ProbeSighting second = see("/second");
        EXPECT_FALSE(second.healthy);
        EXPECT_FALSE(second.error) << second.error->what();
        EXPECT_TRUE(see("/fine").healthy);
        EXPECT_EQ(rig.transfer().prober_pid(), prober);
    }
}

} // namespace
} // namespace provisor::test
