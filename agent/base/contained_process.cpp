// SPDX-License-Identifier: Apache-2.0
#include "base/contained_process.hpp"

#include "base/containment.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/kill_process.hpp"
#include "base/privileges.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <future>
#include <poll.h>
#include <span>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace provisor {
namespace {

using Clock = std::chrono::steady_clock;
using End = CommandResult::End;

/// How long its keeper may take to kill what is left of a command.
constexpr auto end_patience = std::chrono::seconds(2);

struct Pipe {
    Fd reading;
    Fd writing;
};

/// Both ends out of the way of the numbers that the keeper wants.
Pipe make_pipe() {
    const std::string what = "make a pipe for a command";
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw system_error(errno, what);
    Pipe pipe{Fd(ends[0]), Fd(ends[1])};
    for (Fd* end : {&pipe.reading, &pipe.writing}) {
        if (end->get() > containment_descriptors)
            continue;
        *end = Fd(::fcntl(end->get(), F_DUPFD_CLOEXEC, containment_descriptors + 1));
        if (!*end)
            throw system_error(errno, what);
    }
    return pipe;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// The process that keeps the command, ended with its owner.
class Keeper {
public:
    Keeper(pid_t pid, Fd life) : pid_(pid), life_(std::move(life)) {}
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;
    ~Keeper() { end(); }

    /// Returns when nothing is left of it.
    void end() {
        if (pid_ < 0)
            return;
        life_.close();
        const auto deadline = Clock::now() + end_patience;
        bool killed = false;
        while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
            if (!killed && Clock::now() > deadline) {
                kill_process(pid_);
                killed = true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        pid_ = -1;
    }

private:
    pid_t pid_;
    Fd life_;
};

/// Takes in what there is to read. False at the end.
bool take_output(int fd, CommandResult& result) {
    std::array<char, std::size_t{16} * 1024> buffer{};
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got <= 0)
        return got < 0 && (errno == EINTR || errno == EAGAIN);
    const auto size = static_cast<std::size_t>(got);
    const std::size_t room = contained_output_kept - result.output.size();
    result.output.append(buffer.data(), std::min(size, room));
    result.output_size += size;
    return true;
}

void take_report(int fd, const std::string& program, CommandResult& result) {
    ContainmentReport report;
    const ssize_t got = ::read(fd, &report, sizeof report);
    if (got != sizeof report) {
        result.end = End::not_started;
        result.trouble = "what was to keep it from harm was killed";
        return;
    }
    if (report.what == ContainmentReport::What::ended) {
        result.end = WIFSIGNALED(report.value) ? End::killed : End::exited;
        result.number =
            WIFSIGNALED(report.value) ? WTERMSIG(report.value) : WEXITSTATUS(report.value);
        return;
    }
    const bool executed = report.what == ContainmentReport::What::not_confined;
    result.end = End::not_started;
    result.trouble =
        system_error(report.value, executed ? "keep it from harm" : fmt::format("'{}'", program))
            .what();
}

/// Until the command has ended by itself, or for one of the reasons to end it.
void listen(int output, int report, const std::string& program, const ContainedCommand& command,
            const Interrupt& interrupt, CommandResult& result) {
    const auto deadline = Clock::now() + command.timeout;
    std::array<pollfd, 3> waits{
        {{output, POLLIN, 0}, {report, POLLIN, 0}, {interrupt.fd(), POLLIN, 0}}};
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) {
            result.end = End::timed_out;
            return;
        }
        if (::poll(waits.data(), waits.size(), static_cast<int>(left.count())) < 0 &&
            errno != EINTR)
            throw system_error(errno, "wait for a command");
        interrupt.check();
        if (waits[0].revents != 0 && !take_output(output, result))
            waits[0].fd = -1;
        if (result.output_size > contained_output_limit) {
            result.end = End::flooded;
            return;
        }
        if (waits[1].revents != 0) {
            take_report(report, program, result);
            return;
        }
    }
}

} // namespace

CommandResult run_contained_process(const ContainedCommand& command, const Interrupt& interrupt) {
    interrupt.check();
    Pipe output = make_pipe();
    Pipe report = make_pipe();
    Pipe life = make_pipe();
    if (::fcntl(output.reading.get(), F_SETFL, O_NONBLOCK) != 0)
        throw system_error(errno, "make a pipe for a command");
    const Account account = find_account(command_account);
    Containment containment;
    containment.as_root = ::geteuid() == 0;
    containment.isolated = command.reach == Reach::nothing;
    containment.user = account.user;
    containment.group = account.group;
    // So that it may open /dev/stdout.
    if (containment.as_root && ::fchown(output.writing.get(), account.user, account.group) != 0)
        throw system_error(errno, "give a command its output");
    const std::string user_map = fmt::format("{0} {0} 1", ::geteuid());
    const std::string group_map = fmt::format("{0} {0} 1", ::getegid());
    containment.user_map = user_map.c_str();
    containment.group_map = group_map.c_str();
    const std::string lent = command.lent ? command.lent->path.string() : "";
    const std::string seen =
        command.lent ? fmt::format("{}/{}", lent_folder, command.lent->name) : "";
    containment.lent = command.lent ? lent.c_str() : nullptr;
    containment.seen = seen.c_str();
    std::vector<std::string> words = with_text(command.words, lent_word, seen);
    std::vector<std::string> plain_words = with_text(command.words, lent_word, lent);
    std::vector<std::string> environment = contained_environment();
    const std::vector<char*> word_pointers = pointers_to(words);
    const std::vector<char*> plain_pointers = pointers_to(plain_words);
    const std::vector<char*> variables = pointers_to(environment);
    containment.words = word_pointers.data();
    containment.plain_words = plain_pointers.data();
    containment.environment = variables.data();
    containment.output = output.writing.get();
    containment.report = report.writing.get();
    containment.life = life.reading.get();

    const pid_t pid = bare_fork();
    if (pid == 0)
        keep_contained(containment);
    if (pid < 0)
        throw system_error(errno, "start a process for a command");
    Keeper keeper(pid, std::move(life.writing));
    for (Fd* theirs : {&output.writing, &report.writing, &life.reading})
        theirs->close();
    CommandResult result;
    result.timeout = command.timeout;
    listen(output.reading.get(), report.reading.get(), words.front(), command, interrupt, result);
    keeper.end();
    // What it had printed before its end; nobody is left who could print more.
    for (std::uint64_t before = ~std::uint64_t{0};
         before != result.output_size && result.output_size <= contained_output_limit;) {
        before = result.output_size;
        take_output(output.reading.get(), result);
    }
    return result;
}

std::vector<CommandResult> run_contained_processes(std::span<const ContainedCommand> commands,
                                                   const Interrupt& interrupt) {
    if (commands.size() == 1)
        return {run_contained_process(commands.front(), interrupt)};
    std::vector<std::future<CommandResult>> running;
    for (const ContainedCommand& command : commands)
        running.push_back(std::async(std::launch::async, [&command, &interrupt] {
            return run_contained_process(command, interrupt);
        }));
    std::vector<CommandResult> results;
    // The destructor of each waits for it, also when one of them throws.
    for (std::future<CommandResult>& one : running)
        results.push_back(one.get());
    return results;
}

} // namespace provisor
