// SPDX-License-Identifier: Apache-2.0
#include "faults/machine.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience(60);

/// The first canary in a text, "" when there is none.
std::string canary_in(const std::string& text) {
    for (const std::string& canary : Canaries::all())
        if (text.find(canary) != std::string::npos)
            return canary;
    return "";
}

/// A process and all that descend from it.
std::vector<int> family_of(int pid) {
    std::vector<int> family{pid};
    for (std::size_t i = 0; i < family.size(); ++i) {
        const fs::path tasks = "/proc/" + std::to_string(family[i]) + "/task";
        std::error_code gone;
        for (const auto& task : fs::directory_iterator(tasks, gone)) {
            std::istringstream children(read_text(task.path() / "children"));
            for (int child = 0; children >> child;)
                family.push_back(child);
        }
    }
    return family;
}

void expect_no_canary_in_processes(int pid) {
    for (const int member : family_of(pid))
        for (const char* name : {"cmdline", "environ"})
            EXPECT_EQ(canary_in(read_text(fs::path("/proc") / std::to_string(member) / name)), "")
                << name << " of process " << member;
}

/// Appends what there is to read; whether there may be more.
bool drain(int fd, std::string& text) {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got > 0)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0 || (got < 0 && errno == EINTR);
}

/// Reads both until their ends, and looks at the processes each time that nothing came for a while.
void listen_to(int pid, const Fd& out, const Fd& err, RunResult& run) {
    const auto deadline = Clock::now() + patience;
    std::array<pollfd, 2> pipes{{{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}}};
    while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
        if (::poll(pipes.data(), pipes.size(), 50) == 0)
            expect_no_canary_in_processes(pid);
        if (pipes[0].revents != 0 && !drain(out.get(), run.out))
            pipes[0].fd = -1;
        if (pipes[1].revents != 0 && !drain(err.get(), run.err))
            pipes[1].fd = -1;
        if (Clock::now() > deadline) {
            ADD_FAILURE() << "it did not end within a minute";
            ::kill(pid, SIGKILL);
            return;
        }
    }
}

std::pair<Fd, Fd> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        throw std::runtime_error("pipe2");
    return {Fd(ends[0]), Fd(ends[1])};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::string text_at(const nlohmann::json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::map<std::string, Told> parse_report(const std::string& text) {
    std::map<std::string, Told> told;
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    // `check` and `verify` have a number of that name.
    if (json.is_discarded() || !json.contains("components") || !json["components"].is_array())
        return told;
    for (const auto& component : json["components"]) {
        Told& one = told[text_at(component, "name")];
        one.decision = text_at(component, "decision");
        one.reason = text_at(component, "reason");
        one.previous_version = text_at(component, "previous_version");
        one.next_try = text_at(component, "next_try");
        one.bytes = component.value("bytes", std::uint64_t{0});
        // Only a pass tells of it.
        if (!component.contains("error") || !component["error"].is_object())
            continue;
        const auto& error = component["error"];
        one.kind = text_at(error, "kind");
        one.message = text_at(error, "message");
        one.url = text_at(error, "url");
        one.http_status = error["http_status"].is_number() ? error["http_status"].get<int>() : 0;
    }
    return told;
}

} // namespace

Machine::Machine(const std::string& more) {
    configure(more);
    write_text(aside("credentials/app"), Canaries::bearer);
    set_environment("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    set_environment("CREDENTIALS_DIRECTORY", aside("credentials"));
}

void Machine::configure(const std::string& more) const {
    write_text(under("etc/provisor/agent.yaml"),
               "timeouts: { connect: 1s, stall: 1s }\nretry: { first: 0s }\n"
               "limits: { artifact_size: 1M, min_free: 1M }\n");
    write_text(under("etc/provisor/agent.yaml.d/more.yaml"), more);
}

void Machine::write_manifest(const std::string& text) const {
    write_text(under("etc/provisor/components.d/tested.yaml"), text);
}

void Machine::set_environment(const std::string& name, const std::string& value) {
    environment_[name] = value;
}

RunResult Machine::run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> line = launcher_;
    line.insert(line.end(), {PROVISOR, "--root", root().string()});
    line.insert(line.end(), arguments.begin(), arguments.end());
    std::vector<std::string> variables;
    for (const auto& [name, value] : environment_)
        variables.push_back(name + "=" + value);
    auto [out, out_end] = make_pipe();
    auto [err, err_end] = make_pipe();
    std::vector<char*> argv = pointers_to(line);
    std::vector<char*> envp = pointers_to(variables);
    const auto begun = Clock::now();
    // The threads of an origin in this process do not come along, and nothing but the system calls
    // below happens before the program is another one.
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(out_end.get(), STDOUT_FILENO);
        ::dup2(err_end.get(), STDERR_FILENO);
        ::execvpe(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    out_end.close();
    err_end.close();
    RunResult run;
    listen_to(pid, out, err, run);
    int status = 0;
    rusage usage{};
    ::wait4(pid, &status, 0, &usage);
    run.peak_memory_kib = usage.ru_maxrss;
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    run.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    EXPECT_EQ(canary_in(run.out + run.err), "") << run.out << run.err;
    run.told = parse_report(run.out);
    return run;
}

RunResult Machine::apply() const {
    RunResult run = this->run({"--json", "apply"});
    EXPECT_FALSE(run.told.empty()) << run.out << run.err;
    return run;
}

std::string Machine::marker(const std::string& component) const {
    return read_text(under("var/lib/provisor/components/" + component + "/.installed"));
}

void expect_clean(const Machine& machine) {
    for (const auto& entry : fs::recursive_directory_iterator(machine.root())) {
        const fs::path& path = entry.path();
        EXPECT_FALSE(path.filename().string().starts_with(".provisor-")) << path;
        // A manifest is where a secret comes from.
        if (!entry.is_symlink() && entry.is_regular_file() &&
            !path.string().starts_with(machine.under("etc/provisor").string())) {
            EXPECT_EQ(canary_in(read_text(path)), "") << path;
        }
    }
}

} // namespace provisor::test
