// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/tracer.hpp"

#include "faults/strike/registers.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = Blow::Kind;

constexpr auto options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

std::string name_of(pid_t thread) {
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(thread) + "/comm"), name);
    return name;
}

pid_t process_of(pid_t thread) {
    std::ifstream status("/proc/" + std::to_string(thread) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("Tgid:"))
            return static_cast<pid_t>(std::stol(line.substr(5)));
    return thread;
}

/// A child that waits for a byte before it becomes the program, so that it is traced by then.
class Start {
public:
    explicit Start(const std::vector<std::string>& command) {
        if (::pipe(gate_.data()) != 0)
            throw NotPermitted{"no pipe"};
        std::vector<char*> words;
        words.reserve(command.size() + 1);
        for (const std::string& word : command)
            words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ != 0)
            return;
        ::close(gate_[1]);
        char byte = 0;
        if (::read(gate_[0], &byte, 1) == 1) {
            ::close(gate_[0]);
            ::execvp(words[0], words.data());
        }
        ::_exit(127);
    }
    Start(const Start&) = delete;
    Start& operator=(const Start&) = delete;
    ~Start() {
        ::close(gate_[0]);
        ::close(gate_[1]);
    }

    pid_t pid() const { return pid_; }
    void let_go() const { static_cast<void>(::write(gate_[1], "x", 1)); }

private:
    std::array<int, 2> gate_{-1, -1};
    pid_t pid_ = -1;
};

extern "C" void on_alarm(int) {}

/// waitpid comes back now and then, as long as there is one.
class Ticks {
public:
    Ticks() {
        struct sigaction action {};
        action.sa_handler = on_alarm; // without SA_RESTART
        ::sigaction(SIGALRM, &action, nullptr);
        set(every);
    }
    Ticks(const Ticks&) = delete;
    Ticks& operator=(const Ticks&) = delete;
    // The empty handler stays: a tick that is pending may be taken by another thread a moment
    // later, and would end the program.
    ~Ticks() { set(0); }

private:
    static constexpr suseconds_t every = 100'000;

    static void set(suseconds_t microseconds) {
        const itimerval timer{{0, microseconds}, {0, microseconds}};
        ::setitimer(ITIMER_REAL, &timer, nullptr);
    }
};

class Tracer {
public:
    Tracer(pid_t agent, const Orders& orders)
        : agent_(agent), orders_(orders), copier_(orders.copies) {
        threads_.insert(agent);
    }

    Findings run();

private:
    void take_stop(pid_t thread, int status);
    void at_entry(pid_t thread, const SystemCall& call);
    void at_end(pid_t thread);
    std::optional<Change> counted(pid_t thread, const SystemCall& call) const;
    bool can_strike(const Change& change) const;
    void strike(pid_t thread, const SystemCall& call, const Change& change);
    void kill_all();
    void kill_process(pid_t thread);
    void go_on(pid_t thread, int signal = 0) const;
    void take_end(pid_t thread, int status);

    /// What is due at the end of a call.
    struct Due {
        bool strikes = false;                  ///< the blow
        std::optional<std::int64_t> result;    ///< the result is another one
        std::optional<std::uint64_t> restored; ///< an argument had another value
        int argument = 0;
    };

    pid_t agent_;
    const Orders& orders_;
    DiskCopier copier_;
    std::set<pid_t> threads_;
    std::map<pid_t, Due> due_;
    bool over_ = false; ///< nothing is to be seen any more
    bool killed_ = false;
    std::uint64_t count_ = 0;
    Clock::time_point struck_at_;
    Findings findings_;
};

void Tracer::go_on(pid_t thread, int signal) const {
    // Without stops at its calls it is fast again.
    ::ptrace(over_ ? PTRACE_CONT : PTRACE_SYSCALL, thread, 0, signal);
}

void Tracer::kill_all() {
    killed_ = over_ = true;
    for (const pid_t thread : threads_)
        ::kill(thread, SIGKILL);
}

void Tracer::kill_process(pid_t thread) { ::kill(process_of(thread), SIGKILL); }

bool Tracer::can_strike(const Change& change) const {
    switch (orders_.blow.kind) {
    case Kind::short_write:
        return change.size_argument >= 0 && change.size > 1;
    case Kind::error:
        return can_fail_with(change, orders_.blow.error);
    default:
        return true;
    }
}

std::optional<Change> Tracer::counted(pid_t thread, const SystemCall& call) const {
    if (orders_.counted == Counted::changes)
        return change_by(thread, call);
    if (process_of(thread) == agent_)
        return std::nullopt;
    std::optional<Change> change = message_by(call);
    return change ? change : change_by(thread, call);
}

void Tracer::strike(pid_t thread, const SystemCall& call, const Change& change) {
    const Blow& blow = orders_.blow;
    switch (blow.kind) {
    case Kind::none:
        break;
    case Kind::kill:
        kill_all();
        break;
    case Kind::kill_one:
        over_ = true;
        kill_process(thread);
        break;
    case Kind::term:
        over_ = true;
        ::kill(agent_, SIGTERM);
        break;
    case Kind::short_write: {
        const int index = change.size_argument;
        set_argument(thread, index, change.size / 2);
        // The program may count on its registers being as they were.
        due_[thread].restored = call.arguments.at(static_cast<std::size_t>(index));
        due_[thread].argument = index;
        break;
    }
    case Kind::error:
        if (!blow.after)
            skip_call(thread);
        due_[thread].result = -blow.error;
        break;
    }
}

void Tracer::at_entry(pid_t thread, const SystemCall& call) {
    const std::optional<Change> change = counted(thread, call);
    if (!change)
        return;
    copier_.take(++count_);
    const bool again = findings_.struck.has_value();
    const CountedCall here{count_, name_of(thread), *change};
    if (!again)
        findings_.calls.push_back(here);
    if (orders_.at == 0 || count_ < orders_.at || (again && !orders_.blow.for_ever) ||
        !can_strike(*change))
        return;
    if (!again) {
        findings_.struck = here;
        struck_at_ = Clock::now();
    }
    const bool is_error = orders_.blow.kind == Kind::error;
    if (orders_.blow.after && !is_error) {
        due_[thread].strikes = true;
        return;
    }
    // Also should the kernel make calls of those that are killed.
    if (orders_.blow.kind == Kind::kill || orders_.blow.kind == Kind::kill_one)
        skip_call(thread);
    strike(thread, call, *change);
}

void Tracer::at_end(pid_t thread) {
    const auto found = due_.find(thread);
    if (found == due_.end())
        return;
    const Due due = found->second;
    due_.erase(found);
    if (due.result)
        set_result(thread, *due.result);
    if (due.restored)
        set_argument(thread, due.argument, *due.restored);
    if (due.strikes) {
        struck_at_ = Clock::now();
        strike(thread, {}, {});
    } else if (!orders_.blow.for_ever)
        over_ = true;
}

void Tracer::take_stop(pid_t thread, int status) {
    const bool is_new = threads_.insert(thread).second;
    if (killed_) {
        ::kill(thread, SIGKILL);
        go_on(thread);
        return;
    }
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    if (signal == (SIGTRAP | 0x80)) {
        __ptrace_syscall_info info{};
        if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0)
            return go_on(thread);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && !over_) {
            SystemCall call{info.entry.nr, {}};
            for (std::size_t i = 0; i < call.arguments.size(); ++i)
                call.arguments.at(i) = info.entry.args[i];
            at_entry(thread, call);
        } else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
            at_end(thread);
        return go_on(thread);
    }
    if (event == PTRACE_EVENT_STOP && !is_new && signal != SIGTRAP) {
        // Stopped like by a shell: it stays so until SIGCONT.
        ::ptrace(PTRACE_LISTEN, thread, 0, 0);
        return;
    }
    go_on(thread, event != 0 ? 0 : signal);
}

void Tracer::take_end(pid_t thread, int status) {
    threads_.erase(thread);
    due_.erase(thread);
    if (thread != agent_)
        return;
    findings_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (findings_.struck)
        findings_.afterwards =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - struck_at_);
}

Findings Tracer::run() {
    const auto begun = Clock::now();
    for (;;) {
        int status = 0;
        const pid_t thread = ::waitpid(-1, &status, __WALL);
        if (thread < 0 && errno == EINTR) {
            if (!killed_ && Clock::now() - begun > orders_.limit) {
                findings_.hung = true;
                kill_all();
            }
            continue;
        }
        if (thread < 0) {
            copier_.take(0);
            return findings_;
        }
        if (WIFSTOPPED(status))
            take_stop(thread, status);
        else
            take_end(thread, status);
    }
}

} // namespace

Findings run_struck(const std::vector<std::string>& command, const Orders& orders) {
    const Start start(command);
    if (::ptrace(PTRACE_SEIZE, start.pid(), 0, options) != 0 ||
        ::ptrace(PTRACE_INTERRUPT, start.pid(), 0, 0) != 0) {
        const std::string why = std::strerror(errno);
        ::kill(start.pid(), SIGKILL);
        ::waitpid(start.pid(), nullptr, 0);
        throw NotPermitted{"ptrace is not permitted here (" + why +
                           "): see kernel.yama.ptrace_scope, or the seccomp filter of a container"};
    }
    const Ticks ticks;
    start.let_go();
    return Tracer(start.pid(), orders).run();
}

} // namespace provisor::test
