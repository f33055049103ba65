// SPDX-License-Identifier: Apache-2.0
// As root, in namespaces of mounts and of the network, with a name server and addresses of their
// own: how names are looked up is loaded before provisor-fetch confines itself, since nothing can
// be afterwards; and an origin at a public address cannot send it to this machine.
#include "local/fetch/rig.hpp"

#include <arpa/inet.h>
#include <array>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Answers each question for an address with 127.0.0.1 (RFC 1035, 4), and counts them.
class NameServer {
public:
    NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(53);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        thread_ = std::thread([this] { serve(); });
    }
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;
    ~NameServer() {
        ::shutdown(socket_.get(), SHUT_RDWR);
        thread_.join();
    }
    unsigned questions() const { return questions_; }

private:
    void serve() {
        std::array<char, 512> bytes{};
        sockaddr_in from{};
        socklen_t size = sizeof from;
        for (ssize_t got = 0; (got = ::recvfrom(socket_.get(), bytes.data(), bytes.size(), 0,
                                                reinterpret_cast<sockaddr*>(&from), &size)) > 12;) {
            ++questions_;
            std::string text(bytes.data(), static_cast<std::size_t>(got));
            const std::size_t end = text.find('\0', 12) + 5;
            const bool wants_v4 = text[end - 3] == 1;
            std::string answer = text.substr(0, end);
            answer[2] = '\x81';
            answer[3] = '\x80';
            answer[7] = wants_v4 ? 1 : 0;
            answer[11] = 0; // no further records
            if (wants_v4)
                answer += std::string("\xC0\x0C\0\1\0\1\0\0\0\0\0\4\x7F\0\0\1", 16);
            ::sendto(socket_.get(), answer.data(), answer.size(), 0,
                     reinterpret_cast<sockaddr*>(&from), size);
        }
    }

    Fd socket_;
    std::atomic<unsigned> questions_ = 0;
    std::thread thread_;
};

void put_over(const TemporaryFolder& folder, const std::string& path, const std::string& text) {
    const std::string file = folder / std::filesystem::path(path).filename();
    write_text(file, text);
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    ASSERT_EQ(::mount(file.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), 0) << path;
}

void make_loopback(const char* name, const char* address) {
    ifreq interface {};
    std::string(name).copy(interface.ifr_name, IFNAMSIZ - 1);
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    auto* place = reinterpret_cast<sockaddr_in*>(&interface.ifr_addr);
    place->sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &place->sin_addr);
    ASSERT_EQ(::ioctl(socket.get(), SIOCSIFADDR, &interface), 0) << name;
    interface.ifr_flags = IFF_UP | IFF_RUNNING;
    ASSERT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &interface), 0) << name;
}

void set_machine_up(const TemporaryFolder& folder) {
    make_loopback("lo", "127.0.0.1");
    make_loopback("lo:1", "203.0.113.7");
    make_loopback("lo:2", "203.0.113.8");
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    put_over(folder, "/etc/nsswitch.conf", "hosts: files compat [!UNAVAIL=continue] dns\n");
    put_over(folder, "/etc/hosts", "127.0.0.1 localhost by-file.test\n203.0.113.8 public.test\n");
    put_over(folder, "/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n");
}

AgentConfig patient_config() {
    AgentConfig config = test_config();
    config.timeouts.connect = std::chrono::seconds(10);
    return config;
}

void look_names_up() {
    const NameServer names;
    Origin origin;
    origin.serve("/app", page("content"));
    Rig rig(patient_config());
    const std::string port = std::to_string(origin.port());
    EXPECT_EQ(outcome_of(rig.get("http://by-file.test:" + port + "/app")), "200 with 7 bytes");
    EXPECT_EQ(names.questions(), 0U);
    EXPECT_EQ(outcome_of(rig.get("http://by-dns.test:" + port + "/app")), "200 with 7 bytes");
    EXPECT_GE(names.questions(), 1U);
    // The module that nobody needed is there as well.
    const std::string maps =
        read_text("/proc/" + std::to_string(rig.transfer().fetcher_pid()) + "/maps");
    EXPECT_THAT(maps, HasSubstr("libnss_compat"));
}

/// Whether an origin at a public address that redirects to `location` had its way.
void expect_kept_out(Rig& rig, const Origin& inner, const std::string& location) {
    Origin outer(
        0,
        [&](const std::string& path) {
            return path == "/app" ? page("", "", "redirto=" + location) : page("public");
        },
        [](const Exchange&) {}, "203.0.113.7");
    const std::string outcome = outcome_of(rig.get(outer.url("/app")));
    EXPECT_THAT(outcome, AllOf(HasSubstr("http: "), HasSubstr("refused redirect to "))) << location;
    for (const Exchange& exchange : inner.log())
        EXPECT_NE(exchange.request.path, "/secret") << location;
}

void redirect_to_this_machine() {
    const NameServer names;
    Origin inner;
    inner.serve("/secret", page("secret"));
    inner.serve("/fine", page("fine"));
    Rig rig(patient_config());
    const std::string at_inner = ":" + std::to_string(inner.port()) + "/secret";
    const std::vector<std::string> hosts{
        "127.0.0.1", "localhost",     "LOCALHOST.",         "127.1",        "2130706433", "0.0.0.0",
        "[::1]",     "app.localhost", "[::ffff:127.0.0.1]", "by-file.test", "by-dns.test"};
    for (const std::string& host : hosts)
        expect_kept_out(rig, inner, "http://" + host + at_inner);
    EXPECT_EQ(inner.connections(), 0U) << "it was connected to";
    for (const char* metadata :
         {"169.254.169.254", "100.100.100.200", "[fe80::1]", "[fd00:ec2::254]"})
        expect_kept_out(rig, inner, std::string("http://") + metadata + "/secret");

    // A component of this machine's own has a connection there, which is no way either.
    EXPECT_EQ(outcome_of(rig.get(inner.url("/fine"))), "200 with 4 bytes");
    EXPECT_EQ(outcome_of(rig.get("http://by-file.test:" + std::to_string(inner.port()) + "/fine")),
              "200 with 4 bytes");
    for (const std::string& host : hosts)
        expect_kept_out(rig, inner, "http://" + host + at_inner);

    // Other public addresses are reached as ever, and so is a redirect of its own.
    Origin other(
        0, [](const std::string&) { return page("other"); }, [](const Exchange&) {}, "203.0.113.8");
    Origin outer(
        0,
        [&](const std::string&) {
            return page("", "",
                        "redirto=http://public.test:" + std::to_string(other.port()) + "/x");
        },
        [](const Exchange&) {}, "203.0.113.7");
    EXPECT_EQ(outcome_of(rig.get(outer.url("/app"))), "200 with 5 bytes");
    inner.serve("/self", page("", "", "redirto=" + inner.url("/fine")));
    EXPECT_EQ(outcome_of(rig.get(inner.url("/self"))), "200 with 4 bytes");
}

/// On a machine of its own.
void run_apart(void (*test)()) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can mount";
    const pid_t child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWNS | CLONE_NEWNET) != 0)
            ::_exit(77);
        {
            const TemporaryFolder folder;
            set_machine_up(folder);
            test();
        }
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "there are no namespaces to be had";
    EXPECT_EQ(status, 0);
}

TEST(Names, AreLookedUpByFilesAndByDnsAfterConfinement) { run_apart(look_names_up); }

TEST(Redirects, ToThisMachineAreRefusedUnlessTheManifestNamesIt) {
    run_apart(redirect_to_this_machine);
}

} // namespace
} // namespace provisor::test
