// SPDX-License-Identifier: Apache-2.0
#include "unit/service/daemon.hpp"

#include "support/within.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace provisor::test {
namespace {

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return address;
}

/// The child's way to tell the test something, in order with what it tells the service manager.
class Teller {
public:
    explicit Teller(const std::string& path)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), address_(address_of(path)) {}
    void tell(const std::string& text) const {
        ::sendto(socket_.get(), text.data(), text.size(), 0,
                 reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    }

private:
    Fd socket_;
    sockaddr_un address_;
};

class TellingJournal : public Journal {
public:
    explicit TellingJournal(const Teller& teller) : teller_(teller) {}
    void write(const JournalEntry& entry) noexcept override {
        teller_.tell(fmt::format("journal {} {}", entry.message_id, entry.message));
    }

private:
    const Teller& teller_;
};

} // namespace

Lateness::Lateness()
    : sampler_([this] {
          constexpr auto nap = std::chrono::milliseconds(5);
          while (!over_) {
              const auto begun = TestClock::now();
              std::this_thread::sleep_for(nap);
              worst_ = std::max(worst_.load(), (TestClock::now() - begun - nap).count());
          }
      }) {}

Lateness::~Lateness() {
    over_ = true;
    sampler_.join();
}

TestClock::duration Lateness::allow(TestClock::duration limit) const {
    // What is timed takes several turns of two processes.
    return within(limit) + 5 * TestClock::duration(worst_.load());
}

Daemon::Daemon()
    : paths_(make_paths(folder_.path(), false,
                        [](const char*) { return std::optional<std::string>(); })),
      socket_path_((folder_ / "notify").string()),
      socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un address = address_of(socket_path_);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("bind to " + socket_path_);
    std::filesystem::create_directories(manifests());
    write_text(folder_ / "etc/machine-id", "0123456789abcdef0123456789abcdef\n");
}

Daemon::~Daemon() {
    if (child_ > 0) {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
}

void Daemon::start() {
    child_ = ::fork();
    if (child_ == 0)
        be_the_daemon();
    lateness_.emplace();
}

void Daemon::hold_passes(const std::function<void(Progress&)>& show) {
    pass = [this, show](const Interrupt& interrupt, Progress& progress) {
        show(progress);
        while (!std::filesystem::exists(folder_ / "let-go"))
            sleep_in_pass(std::chrono::milliseconds(10), interrupt);
    };
}

void Daemon::let_go() const { write_text(folder_ / "let-go", ""); }

void Daemon::be_the_daemon() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close_range(3, ~0U, 0); // a lock that the test holds must not be held here as well
    ::setenv("NOTIFY_SOCKET", socket_path_.c_str(), 1);
    for (const auto& [name, value] : environment)
        ::setenv(name.c_str(), value.c_str(), 1);
    spdlog::set_level(spdlog::level::off);
    int status = 99;
    try {
        const Teller teller(socket_path_);
        TellingJournal journal(teller);
        AgentOptions options{paths_, journal,
                             [&](const Settings& settings, const Paths& paths,
                                 const Interrupt& interrupt, Progress& progress) {
                                 teller.tell(fmt::format("pass begins components={} keep={} "
                                                         "state_dir={}",
                                                         settings.components.size(),
                                                         settings.config.cache.keep_versions,
                                                         paths.state_dir.filename().string()));
                                 if (pass)
                                     pass(interrupt, progress);
                                 teller.tell("pass ends");
                                 PassReport report;
                                 if (next_try)
                                     report.components.emplace_back().next_try =
                                         wall_clock() + *next_try;
                                 return report;
                             }};
        if (patience)
            options.patience = [this](const Settings&) { return *patience; };
        status = run_agent(options);
    } catch (const std::exception& error) {
        Teller(socket_path_).tell(std::string("died: ") + error.what());
    }
    ::_exit(status);
}

void Daemon::signal(int number) const { ::kill(child_, number); }

std::optional<int> Daemon::wait_for_exit() {
    const auto deadline = TestClock::now() + std::chrono::seconds(30);
    int status = 0;
    while (::waitpid(child_, &status, WNOHANG) == 0) {
        if (TestClock::now() > deadline)
            return std::nullopt;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::optional<Sighting> Daemon::receive(TestClock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - TestClock::now());
    pollfd readable{socket_.get(), POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0)
        return std::nullopt;
    std::string text(8192, '\0');
    const ssize_t got = ::recv(socket_.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return Sighting{std::move(text), TestClock::now()};
}

std::optional<Sighting> Daemon::next(const std::string& text, std::chrono::milliseconds limit) {
    const auto deadline = TestClock::now() + limit;
    while (auto sighting = receive(deadline))
        if (sighting->text.starts_with(text))
            return sighting;
    return std::nullopt;
}

std::vector<Sighting> Daemon::watch_until(const std::string& text) {
    const auto deadline = TestClock::now() + std::chrono::seconds(30);
    std::vector<Sighting> seen;
    while (auto sighting = receive(deadline)) {
        seen.push_back(std::move(*sighting));
        if (seen.back().text.starts_with(text))
            break;
    }
    return seen;
}

std::vector<Sighting> Daemon::watch_for(std::chrono::milliseconds time) {
    const auto deadline = TestClock::now() + time;
    std::vector<Sighting> seen;
    while (auto sighting = receive(deadline))
        seen.push_back(std::move(*sighting));
    return seen;
}

std::size_t Daemon::entries_of(const std::string& proc_folder) const {
    const std::filesystem::directory_iterator entries(
        fmt::format("/proc/{}/{}", child_, proc_folder));
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::size_t Daemon::open_files() const { return entries_of("fd"); }
std::size_t Daemon::threads() const {
#ifdef PROVISOR_SANITIZED_THREADS // ThreadSanitizer has one of its own
    return entries_of("task") - 1;
#else
    return entries_of("task");
#endif
}

std::size_t count(const std::vector<Sighting>& sightings, const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(sightings.begin(), sightings.end(),
                      [&](const Sighting& sighting) { return sighting.text.starts_with(text); }));
}

void sleep_in_pass(std::chrono::milliseconds time, const Interrupt& interrupt) {
    pollfd stop{interrupt.fd(), POLLIN, 0};
    ::poll(&stop, 1, static_cast<int>(time.count()));
    interrupt.check();
}

} // namespace provisor::test
