// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/nginx.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace provisor::test {
namespace {

constexpr std::array<const char*, 10> servers{"plain",       "tls",     "tls_1",   "default_limits",
                                              "client",      "expired", "not_yet", "other_host",
                                              "self_signed", "old"};

std::uint16_t offset_of(const std::string& server) {
    const auto found = std::find(servers.begin(), servers.end(), server);
    if (found == servers.end())
        throw std::invalid_argument("there is no server '" + server + "'");
    return static_cast<std::uint16_t>(found - servers.begin());
}

/// Whether a socket could be bound to the port (probe) or connected to it.
template <typename Action>
bool with_socket(std::uint16_t port, Action&& action) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return action(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// The first of so many ports in a row that are free just now, below those that the kernel gives
/// out by itself.
std::uint16_t free_ports() {
    for (unsigned attempt = 0; attempt < 200; ++attempt) {
        const auto first = static_cast<std::uint16_t>(
            20'000 + (static_cast<unsigned>(::getpid()) * 10 + attempt * 10) % 10'000);
        bool free = true;
        for (std::uint16_t i = 0; free && i < servers.size(); ++i)
            free = with_socket(static_cast<std::uint16_t>(first + i), ::bind);
        if (free)
            return first;
    }
    throw std::runtime_error("no free ports");
}

void shell(const std::string& command) {
    if (std::system(("( " + command + " ) >/dev/null 2>&1").c_str()) != 0)
        throw std::runtime_error("failed: " + command);
}

} // namespace

bool Nginx::installed() {
    return std::system("command -v nginx >/dev/null && command -v openssl >/dev/null") == 0;
}

Nginx& Nginx::shared() {
    static Nginx nginx;
    return nginx;
}

Nginx::Nginx() {
    std::filesystem::create_directory(folder_ / "root");
    make_certificates();
    first_port_ = free_ports();
    configure();
    start();
}

Nginx::~Nginx() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
}

void Nginx::make_certificates() const {
    const std::string in = "cd '" + folder_.path().string() + "' && ";
    const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";
    const auto found = [&](const std::string& ca) {
        shell(in + "openssl req -x509 " + key + "-keyout " + ca + ".key -out " + ca +
              ".pem -days 2 -subj /CN=" + ca);
    };
    found("ca");
    found("other_ca");
    shell(in + "openssl req -x509 " + key +
          "-keyout self_signed.key -out self_signed.pem -days 2 -subj /CN=self_signed "
          "-addext subjectAltName=IP:127.0.0.1");
    const auto certify = [&](const std::string& name, const std::string& alternative,
                             const std::string& days) {
        shell(in + "openssl req " + key + "-keyout " + name + ".key -out " + name +
              ".csr -subj /CN=" + name + " && printf 'subjectAltName=" + alternative + "' >" +
              name + ".ext && openssl x509 -req -in " + name +
              ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days " + days + " -extfile " + name +
              ".ext -out " + name + ".pem");
    };
    // `openssl x509` of Debian 12 takes no first day of validity, but `openssl ca` does.
    const auto certify_from = [&](const std::string& name, const std::string& first,
                                  const std::string& last) {
        write_text(folder_ / "ca.conf",
                   "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nrand_serial=yes\nnew_certs_dir=.\n"
                   "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n");
        write_text(folder_ / "index", "");
        shell(in + "openssl req " + key + "-keyout " + name + ".key -out " + name +
              ".csr -subj /CN=" + name + " && printf 'subjectAltName=IP:127.0.0.1' >" + name +
              ".ext && openssl ca -batch -notext -config ca.conf -cert ca.pem -keyfile ca.key "
              "-startdate " +
              first + " -enddate " + last + " -extfile " + name + ".ext -in " + name +
              ".csr -out " + name + ".pem");
    };
    certify("server", "IP:127.0.0.1", "2");
    certify("expired", "IP:127.0.0.1", "-1");
    certify_from("not_yet", "21250101000000Z", "21260101000000Z");
    certify("other_host", "DNS:elsewhere.example", "2");
    certify("client", "DNS:client.example", "2");
}

void Nginx::configure() {
    const auto server = [&](const std::string& name, const std::string& options,
                            const std::string& certificate, const std::string& more) {
        const std::string tls =
            certificate.empty() ? ""
                                : "ssl_certificate " + certificate + ".pem; ssl_certificate_key " +
                                      certificate + ".key; ssl_client_certificate ca.pem; ";
        return "server { listen 127.0.0.1:" + std::to_string(first_port_ + offset_of(name)) + " " +
               options + "; " + tls + more + " root root; }\n";
    };
    const std::string many = "keepalive_requests 1000000; ";
    const std::string redirects =
        "location = /down { return 302 " + url("plain", "/app") +
        "; } location = /down1 { return 302 http:/" + url("plain", "/app").substr(7) +
        "; } location = /relative { return 302 //127.0.0.1:" +
        std::to_string(first_port_ + offset_of("tls")) + "/app; } location = /away { return 302 " +
        url("tls_1", "/app") + "; } ";
    write_text(
        folder_ / "nginx.conf",
        "daemon off; master_process off; pid pid; error_log error.log;\nevents { "
        "worker_connections 1024; }\n"
        "http { log_format counted '$connection $server_protocol $status $body_bytes_sent "
        "$request_uri $ssl_client_verify $server_port'; access_log access.log counted;\n"
        "client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; "
        "scgi_temp_path t5; ssl_protocols TLSv1.2 TLSv1.3; default_type application/octet-stream; "
        "absolute_redirect off;\n" +
            server("plain", "", "", many) + server("tls", "ssl http2", "server", many + redirects) +
            server("tls_1", "ssl", "server",
                   many + "ssl_verify_client optional; ssl_protocols TLSv1.2; ") +
            server("default_limits", "ssl http2", "server", "") +
            server("client", "ssl http2", "server", "ssl_verify_client on; " + redirects) +
            server("expired", "ssl http2", "expired", "") +
            server("not_yet", "ssl http2", "not_yet", "") +
            server("other_host", "ssl http2", "other_host", "") +
            server("self_signed", "ssl http2", "self_signed", "") +
            server("old", "ssl", "server",
                   "ssl_protocols TLSv1 TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0; ") +
            "}\n");
}

void Nginx::start() {
    const std::string prefix = folder_.path().string() + "/";
    pid_ = ::fork();
    if (pid_ == 0) {
        const int log = ::open((prefix + "out").c_str(), O_WRONLY | O_CREAT, 0600);
        ::dup2(log, 1);
        ::dup2(log, 2);
        ::execlp("nginx", "nginx", "-p", prefix.c_str(), "-c", "nginx.conf", "-e", "error.log",
                 nullptr);
        ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!with_socket(first_port_, ::connect)) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error("nginx does not start: " + read_text(folder_ / "out"));
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void Nginx::publish(const std::string& name, const std::string& content) const {
    write_text(folder_ / "root" / name, content);
}

std::string Nginx::url(const std::string& server, const std::string& path) const {
    return (server == "plain" ? "http" : "https") + std::string("://127.0.0.1:") +
           std::to_string(first_port_ + offset_of(server)) + path;
}

std::vector<Nginx::Line> Nginx::log(std::size_t lines) const {
    // It writes a line after its answer has been sent.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    for (;;) {
        std::istringstream text(read_text(folder_ / "access.log"));
        std::vector<Line> log;
        for (Line line; text >> line.connection >> line.protocol >> line.status >>
                        line.body_bytes >> line.path >> line.client_certificate >> line.server;)
            log.push_back(line);
        if (log.size() >= lines || std::chrono::steady_clock::now() > deadline)
            return log;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void Nginx::forget() const { std::filesystem::resize_file(folder_ / "access.log", 0); }

} // namespace provisor::test
