// SPDX-License-Identifier: Apache-2.0
// What corresponds to a folded header in HTTP/2: a field whose name begins with a blank or is
// empty, whose value holds a line end, in a head, a redirect, an interim answer or trailers.
#include "local/fetch/rig.hpp"
#include "origin/h2_origin.hpp"

#include <csignal>
#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string large(120, 'C');

struct Odd {
    const char* name;
    std::string fields;
};

std::ostream& operator<<(std::ostream& out, const Odd& odd) { return out << odd.name; }

class HostileH2 : public testing::TestWithParam<Odd> {
protected:
    HostileH2() { std::signal(SIGPIPE, SIG_IGN); }

    static std::string fine(std::uint32_t stream, const std::string& fields = "") {
        return H2Origin::head(stream, 200, fields) + H2Origin::data(stream, "fine");
    }
    static std::string redirect(std::uint32_t stream, const std::string& fields = "") {
        return H2Origin::head(stream, 302,
                              fields + H2Origin::field("x-l", large) +
                                  H2Origin::field("location", "/" + large.substr(1)),
                              true);
    }
    /// Asks the origin, which answers in this way, and expects an error of kind http or an answer
    /// that left the odd field out; then another request on the same fetcher.
    void expect_no_harm(const H2Origin::Answer& answer) {
        H2Origin origin(answer);
        write_text(folder / "ca.pem", origin.certificate());
        AgentConfig config = test_config();
        config.timeouts.connect = std::chrono::seconds(10);
        config.tls.ca_file = folder / "ca.pem";
        Rig rig(config);
        Origin plain;
        plain.serve("/fine", page("fine"));
        EXPECT_EQ(outcome_of(rig.get(plain.url("/fine"))), "200 with 4 bytes");
        std::vector<int> pids;
        for (int round = 0; round < 3; ++round) {
            const std::string outcome = outcome_of(rig.get(origin.url("/app")));
            EXPECT_THAT(outcome, AnyOf(StartsWith("http: "), "200 with 4 bytes"));
            EXPECT_THAT(outcome, Not(HasSubstr("provisor-fetch"))) << "it has not survived it";
            EXPECT_EQ(outcome_of(rig.get(plain.url("/fine"))), "200 with 4 bytes");
            // That for http, and that for https.
            if (round == 0)
                pids = rig.transfer().fetcher_pids();
            EXPECT_EQ(rig.transfer().fetcher_pids(), pids);
        }
        EXPECT_GE(origin.connections(), 1U);
    }
    const TemporaryFolder folder;
};

TEST_P(HostileH2, InTheAnswerToARedirect) {
    expect_no_harm([](std::uint32_t stream, unsigned request) {
        return request % 2 == 0 ? redirect(stream) : fine(stream, GetParam().fields);
    });
}

TEST_P(HostileH2, InEachAnswer) {
    expect_no_harm([](std::uint32_t stream, unsigned request) {
        return request % 2 == 0 ? redirect(stream, GetParam().fields)
                                : fine(stream, GetParam().fields);
    });
}

TEST_P(HostileH2, InAnInterimAnswerAndTheOneAfterIt) {
    expect_no_harm([](std::uint32_t stream, unsigned request) {
        return request % 2 == 0 ? redirect(stream)
                                : H2Origin::head(stream, 103, GetParam().fields) +
                                      fine(stream, GetParam().fields);
    });
}

TEST_P(HostileH2, InTrailers) {
    expect_no_harm([](std::uint32_t stream, unsigned request) {
        return request % 2 == 0
                   ? redirect(stream)
                   : H2Origin::head(stream, 200, "") + H2Origin::data(stream, "fine", false) +
                         H2Origin::frame(1, 5, stream, GetParam().fields);
    });
}

INSTANTIATE_TEST_SUITE_P(All, HostileH2,
                         testing::Values(Odd{"ABlank", H2Origin::field(" b", large)},
                                         Odd{"ATab", H2Origin::field("\tb", large)},
                                         Odd{"NoName", H2Origin::field("", large)},
                                         Odd{"ALineEnd",
                                             H2Origin::field("x", "a\r\n b: " + large.substr(9))}),
                         [](const auto& row) { return row.param.name; });

/// Else the tests above would prove nothing.
TEST(H2, AnswersThatAreRightAreTaken) {
    H2Origin origin([](std::uint32_t stream, unsigned request) {
        return request == 0 ? H2Origin::head(stream, 302, H2Origin::field("location", "/b"), true)
                            : H2Origin::head(stream, 200, H2Origin::field("etag", "\"1\"")) +
                                  H2Origin::data(stream, "fine");
    });
    const TemporaryFolder folder;
    write_text(folder / "ca.pem", origin.certificate());
    AgentConfig config = test_config();
    config.timeouts.connect = std::chrono::seconds(10);
    config.tls.ca_file = folder / "ca.pem";
    Rig rig(config);
    const TransferResult result = rig.get(origin.url("/a"));
    EXPECT_EQ(outcome_of(result), "200 with 4 bytes");
    EXPECT_EQ(result.validator.etag, "\"1\"");
    EXPECT_EQ(outcome_of(rig.get(origin.url("/c"))), "200 with 4 bytes");
    EXPECT_EQ(origin.connections(), 1U) << "a handle for each hop is a connection for each";
}

} // namespace
} // namespace provisor::test
