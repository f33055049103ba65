// SPDX-License-Identifier: Apache-2.0
// Rows 22, 51, 52 and 53: TLS by nginx, and proxies.
#include "faults/listener.hpp"
#include "faults/row.hpp"
#include "local/fetch/nginx.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace provisor::test {
namespace {

using testing::HasSubstr;

struct Refused {
    const char* name;
    const char* server; ///< of nginx
    const char* ca;     ///< in its folder; empty: the machine's own
    const char* path;
    const char* kind;
    std::vector<std::string> says;
    std::size_t requests; ///< that nginx sees
};

class Tls : public testing::TestWithParam<Refused> {
protected:
    void SetUp() override {
        if (!Nginx::installed())
            GTEST_SKIP() << "nginx (nginx-light) or openssl is not installed: TLS is not tested";
    }
};

TEST_P(Tls, IsRefusedAndWhatStandsStays) {
    const Refused& row = GetParam();
    Nginx& nginx = Nginx::shared();
    nginx.publish("app", program(2));
    nginx.forget();
    const auto trust = [&](const std::string& ca) {
        return "timeouts: { connect: 10s, stall: 10s }\ntls: { ca_file: \"" + ca + "\" }\n";
    };
    Scene scene;
    scene.install(1);
    scene.machine.configure(trust(*row.ca == '\0' ? "" : nginx.file(row.ca)));
    scene.app_url = nginx.url(row.server, row.path) + "?token=" + Canaries::query;
    if (!scene.app_url.starts_with("https"))
        scene.app_url.insert(4, "s");
    scene.publish(2);
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    const Told& told = run.told.at("app");
    EXPECT_EQ(told.kind, row.kind) << told.message;
    for (const std::string& part : row.says)
        EXPECT_THAT(told.message, HasSubstr(part));
    EXPECT_FALSE(told.next_try.empty());
    EXPECT_EQ(nginx.log(row.requests).size(), row.requests);
    expect_untouched(scene, before);
    expect_beside_unharmed(scene, run, 2);
    expect_golden(row.name, scene.machine);

    scene.machine.configure(trust(nginx.file("ca.pem")));
    scene.app_url = nginx.url("tls", "/app") + "?token=" + Canaries::query;
    scene.publish(2);
    EXPECT_EQ(scene.machine.apply().status, 0);
    expect_like_clean_install(scene);
}

INSTANTIATE_TEST_SUITE_P(
    Fault, Tls,
    testing::Values(
        Refused{"Row51UnknownAuthority",
                "tls",
                "other_ca.pem",
                "/app",
                "tls",
                {"/app?token=", "the certificate is 'CN = "},
                0},
        Refused{"Row51NotOfTheMachinesAuthorities",
                "tls",
                "",
                "/app",
                "tls",
                {"/app?token=", "the certificate is 'CN = "},
                0},
        Refused{"Row51Expired",
                "expired",
                "ca.pem",
                "/app",
                "tls",
                {"expired", "'CN = expired'", "valid from 20", "this machine's clock says 20"},
                0},
        Refused{"Row51NotYetValid",
                "not_yet",
                "ca.pem",
                "/app",
                "tls",
                {"not yet valid", "'CN = not_yet'", "valid from 2125-01-01", "to 2126-01-01",
                 "this machine's clock says 20", "probably it is the clock that is behind"},
                0},
        Refused{"Row51SelfSigned",
                "self_signed",
                "ca.pem",
                "/app",
                "tls",
                {"self-signed certificate", "'CN = self_signed'"},
                0},
        Refused{"Row51OldTls",
                "old",
                "ca.pem",
                "/app",
                "tls",
                {"that is new enough (tls.min_version)"},
                0},
        Refused{"Row51OtherHost", "other_host", "ca.pem", "/app", "tls", {"127.0.0.1"}, 0},
        Refused{"Row51NoTlsAtAll", "plain", "ca.pem", "/app", "tls", {"/app?token="}, 1},
        Refused{
            "Row52ClientCertificateIsWanted", "client", "ca.pem", "/app", "http", {"HTTP 400"}, 1},
        Refused{"Row22HttpsToHttp",
                "tls",
                "ca.pem",
                "/down",
                "http",
                {"refused redirect to 'http://127.0.0.1"},
                1}),
    [](const auto& row) { return row.param.name; });

// --- row 52: the files of the client's certificate

struct Unusable {
    const char* name;
    const char* setting;
    void (*arrange)(const std::filesystem::path& file); ///< at first there is none
    std::string says;                                   ///< FILE stands for it
};

class TlsFiles : public testing::TestWithParam<Unusable> {};

TEST_P(TlsFiles, AreNamedAndNobodyIsAsked) {
    const Unusable& row = GetParam();
    Scene scene;
    scene.install(1);
    const std::filesystem::path file = scene.machine.under("etc/tls/file.pem");
    std::filesystem::create_directories(file.parent_path());
    row.arrange(file);
    scene.machine.configure(std::string("tls: { ") + row.setting + ": \"" + file.string() +
                            "\" }\n");
    scene.publish(2);
    scene.origin.forget();
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    std::string says = row.says;
    says.replace(says.find("FILE"), 4, "'" + file.string() + "'");
    for (const char* component : {"app", "beside"}) {
        EXPECT_EQ(run.told.at(component).kind, "config");
        EXPECT_EQ(run.told.at(component).message, std::string("tls.") + row.setting + ": " + says);
        EXPECT_FALSE(run.told.at(component).next_try.empty());
    }
    EXPECT_TRUE(scene.origin.log().empty());
    EXPECT_LT(run.took, std::chrono::seconds(5));
    expect_untouched(scene, before);
    expect_golden(row.name, scene.machine);

    scene.machine.configure("");
    EXPECT_EQ(scene.machine.apply().status, 0);
    expect_like_clean_install(scene);
}

void leave_out(const std::filesystem::path&) {}
void make_folder(const std::filesystem::path& file) { std::filesystem::create_directory(file); }
void make_loop(const std::filesystem::path& file) { std::filesystem::create_symlink(file, file); }
void make_fifo(const std::filesystem::path& file) { ::mkfifo(file.c_str(), 0600); }
void make_text(const std::filesystem::path& file) { write_text(file, "not a certificate\n"); }
/// A long one, as a wrong path may well have.
void make_large(const std::filesystem::path& file) { write_text(file, std::string(70'000, 'x')); }

INSTANTIATE_TEST_SUITE_P(
    Fault, TlsFiles,
    testing::Values(
        Unusable{"Row52NoClientCertificate", "client_cert", leave_out, "there is no file FILE"},
        Unusable{"Row52NoClientKey", "client_key", leave_out, "there is no file FILE"},
        Unusable{"Row52UnreadableClientCertificate", "client_cert", make_loop,
                 "read FILE: Too many levels of symbolic links"},
        Unusable{"Row52UnreadableClientKey", "client_key", make_folder, "FILE is no regular file"},
        Unusable{"Row52ClientKeyIsAFifo", "client_key", make_fifo, "FILE is no regular file"},
        Unusable{"Row52ClientCertificateIsNoPem", "client_cert", make_text, "FILE is no PEM file"},
        Unusable{"Row52ClientCertificateIsHuge", "client_cert", make_large,
                 "read FILE: more than 65536 bytes"}),
    [](const auto& row) { return row.param.name; });

// --- row 53: proxies are for all components, so there is none that does not notice

class Proxies : public testing::Test {
protected:
    /// A pass in which everything goes through this proxy. Nobody goes round it.
    RunResult apply_through(const std::string& proxy) {
        scene.install(1);
        scene.machine.configure("proxy: \"" + proxy + "\"\n");
        scene.publish(2);
        scene.origin.forget();
        const State before = state_of(scene);
        RunResult run = scene.machine.apply();
        EXPECT_EQ(run.status, 1);
        EXPECT_TRUE(scene.origin.log().empty()) << "the proxy was gone round";
        expect_untouched(scene, before);
        return run;
    }
    void expect_recovery() {
        scene.machine.configure("");
        EXPECT_EQ(scene.machine.apply().status, 0);
        expect_like_clean_install(scene);
    }
    /// An origin as a proxy: it is asked for whole URLs.
    void serve_through(Origin& proxy, const std::string& behavior) {
        proxy.serve(scene.origin.url("/app"), page(program(2), "\"p\"", behavior));
        proxy.serve(scene.origin.url("/beside"), page("#!/bin/sh\n", "\"p\"", behavior));
    }
    Scene scene;
};

TEST_F(Proxies, Row53ADeadOneIsNamed) {
    const Listener dead(Listener::How::dead);
    const RunResult run = apply_through(dead.url(""));
    EXPECT_EQ(run.told.at("app").kind, "http");
    EXPECT_THAT(run.told.at("app").message, HasSubstr("proxy: "));
    EXPECT_THAT(run.told.at("app").message, HasSubstr("Connection refused"));
    expect_golden("Row53DeadProxy", scene.machine);
    expect_recovery();
}

TEST_F(Proxies, Row53ADeadOneOfTheEnvironmentIsNamedAndNobodyElseIsCalledOne) {
    const Listener dead(Listener::How::dead);
    scene.install(1);
    scene.machine.set_environment("http_proxy", dead.url(""));
    scene.publish(2);
    scene.origin.forget();
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.told.at("app").message, HasSubstr("proxy: Failed to connect to 127.0.0.1"));
    EXPECT_TRUE(scene.origin.log().empty()) << "the proxy was gone round";

    scene.machine.set_environment("no_proxy", "127.0.0.1");
    const Listener gone(Listener::How::dead);
    scene.app_url = gone.url("/app");
    scene.publish(2);
    const RunResult round = scene.machine.apply();
    EXPECT_THAT(round.told.at("app").message, HasSubstr("Failed to connect to 127.0.0.1"));
    EXPECT_THAT(round.told.at("app").message, testing::Not(HasSubstr("proxy: ")));
    expect_beside_unharmed(scene, round, 2);
}

TEST_F(Proxies, Row53OneThatWantsCredentialsSaysSo) {
    Origin proxy;
    serve_through(proxy, "status=407");
    const RunResult run = apply_through(proxy.url(""));
    EXPECT_EQ(run.told.at("app").kind, "http");
    EXPECT_THAT(run.told.at("app").message, HasSubstr("HTTP 407"));
    EXPECT_THAT(run.told.at("app").message, HasSubstr("the proxy needs credentials"));
    expect_golden("Row53ProxyWantsCredentials", scene.machine);
    expect_recovery();
}

TEST_F(Proxies, Row53OneThatRefusesToConnectIsNamed) {
    Origin proxy; // no proxy at all: it refuses every CONNECT
    scene.install(1);
    const std::string plain = scene.app_url;
    scene.app_url.insert(4, "s");
    scene.machine.configure("proxy: \"" + proxy.url("") + "\"\n");
    scene.publish(2);
    scene.origin.forget();
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    EXPECT_EQ(run.told.at("app").kind, "http");
    EXPECT_THAT(run.told.at("app").message, HasSubstr("proxy: "));
    EXPECT_TRUE(scene.origin.log().empty()) << "the proxy was gone round";
    expect_untouched(scene, before);
    expect_golden("Row53ProxyRefusesToConnect", scene.machine);
    scene.app_url = plain;
    scene.write_manifest();
    expect_recovery();
}

TEST_F(Proxies, OneThatDoesItsWorkIsUsedWithItsCredentialsWhichAreNotShown) {
    Origin proxy;
    serve_through(proxy, "");
    std::string url = proxy.url("");
    url.insert(url.find("127."), std::string("me:") + Canaries::user + "@");
    scene.machine.configure("proxy: \"" + url + "\"\n");
    scene.publish(2);
    EXPECT_EQ(scene.machine.apply().status, 0);
    EXPECT_TRUE(scene.origin.log().empty());
    ASSERT_FALSE(proxy.log().empty());
    for (const Exchange& exchange : proxy.log())
        EXPECT_THAT(exchange.request.header("proxy-authorization"), HasSubstr("Basic "));
    expect_clean(scene.machine);
}

} // namespace
} // namespace provisor::test
