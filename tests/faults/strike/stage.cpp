// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/stage.hpp"

#include "faults/strike/report.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using Kind = Blow::Kind;
using std::chrono::milliseconds;

constexpr int not_permitted = 125;
constexpr milliseconds longest_farewell(1000);
const std::vector<std::string> pass{"--json", "apply"};

Counted counted_for(const Blow& blow) {
    return blow.kind == Kind::kill_one ? Counted::helpers : Counted::changes;
}

bool is_among(int status, std::initializer_list<int> all) {
    return std::find(all.begin(), all.end(), status) != all.end();
}

/// Exit statuses that a blow may lead to.
bool is_sensible(const Blow& blow, int status) {
    switch (blow.kind) {
    case Kind::kill:
        return status == 128 + SIGKILL;
    case Kind::term:
        return is_among(status, {0, 130});
    case Kind::short_write:
        return status == 0;
    case Kind::error:
        // A call that a signal interrupted is made again; with SIGTERM it is the end, but that one
        // was not sent.
        return blow.error == EINTR ? status == 0 : is_among(status, {0, 1});
    default:
        return is_among(status, {0, 1});
    }
}

/// A file that could not be removed or begun may be of no account; bytes that did not get there
/// are.
bool is_never_without_harm(Change::Sort sort) {
    using Sort = Change::Sort;
    return sort == Sort::write || sort == Sort::sync || sort == Sort::rename ||
           sort == Sort::truncate || sort == Sort::allocate;
}

/// A copy like that of `cp -a`.
void copy_tree(const fs::path& from, const fs::path& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

} // namespace

Stage::Stage(const Workload& workload) : workload_(workload) {
    workload.prepare(scene_);
    fs::rename(scene_.machine.root(), scene_.machine.aside("prepared"));
    reset();
    course_.before = picture_of(scene_.machine);
    Findings findings;
    RunResult run = this->run({}, findings);
    if (run.status == not_permitted)
        throw NotPermitted{run.err};
    changes_ = findings.calls;
    course_.after = picture_of(scene_.machine);
    if (run.status != 0 || changes_.empty())
        throw std::runtime_error(std::string(workload.name) + ": " + run.out + run.err);
    const RunResult next = scene_.machine.run(pass);
    if (next.status != 0 ||
        !differences(course_.after, picture_of(scene_.machine), scene_.machine).empty())
        throw std::runtime_error(std::string(workload.name) + " is not at rest: " + next.out);
    if (const auto marker = course_.after.markers.find(scene_.app_name);
        marker != course_.after.markers.end())
        course_.wanted = marker->second.artifact;
    if (workload.installs) {
        Machine clean;
        copy_tree(scene_.machine.under("etc/provisor"), clean.under("etc/provisor"));
        clean.run(pass);
        Picture picture = picture_of(clean);
        picture.cache = course_.after.cache;
        picture.ways_back.clear();
        if (const auto wrong = differences(picture, course_.after, clean); !wrong.empty())
            throw std::runtime_error(std::string(workload.name) + ": " + wrong.front());
    }
    reset();
    Orders orders;
    orders.counted = Counted::helpers;
    this->run(orders, findings);
    of_helpers_ = findings.calls;
}

void Stage::reset() {
    copy_tree(scene_.machine.aside("prepared"), scene_.machine.root());
    scene_.origin.forget();
}

RunResult Stage::run(const Orders& orders, Findings& findings) {
    const fs::path report = scene_.machine.aside("report.json");
    fs::remove(report);
    std::vector<std::string> launcher{
        STRIKE, "--report",          report, "--at", std::to_string(orders.at),
        "--do", to_text(orders.blow)};
    if (orders.counted == Counted::helpers)
        launcher.emplace_back("--helpers");
    scene_.machine.run_under(launcher);
    RunResult run = scene_.machine.run(workload_.command);
    scene_.machine.run_under({});
    if (fs::exists(report))
        findings = read_report(report);
    return run;
}

std::vector<std::uint64_t> Stage::places_for(const Blow& blow) const {
    std::vector<std::uint64_t> places;
    for (const CountedCall& call : counted_for(blow) == Counted::helpers ? of_helpers_ : changes_) {
        const bool fits = blow.kind == Kind::error ? can_fail_with(call.change, blow.error)
                          : blow.kind == Kind::short_write
                              ? call.change.size_argument >= 0 && call.change.size > 1
                              : true;
        if (fits)
            places.push_back(call.number);
    }
    return places;
}

void Stage::check_end(const Blow& blow, const Findings& findings, const RunResult& run,
                      std::vector<std::string>& wrong) const {
    if (findings.hung || run.took > longest_pass)
        wrong.push_back(tell_end(run, "I8: it took too long"));
    if (!is_sensible(blow, run.status))
        wrong.push_back(tell_end(run, "exit status"));
    if (blow.kind == Kind::term && findings.afterwards > longest_farewell)
        wrong.push_back(tell_end(run, "I8: it stopped " +
                                          std::to_string(findings.afterwards.count()) +
                                          " ms after SIGTERM"));
    if (run.status == 0) {
        Picture wanted = course_.after;
        const Picture now = picture_of(scene_.machine);
        wanted.cache.insert(now.cache.begin(), now.cache.end());
        for (const std::string& line : differences(wanted, now, scene_.machine))
            if (!line.starts_with("I6"))
                wrong.push_back(tell_end(run, "false success: " + line));
    }
    if (blow.kind == Kind::error && blow.error != EINTR &&
        (run.status == 1 || is_never_without_harm(findings.struck->change.sort)) &&
        (run.out + run.err).find(std::strerror(blow.error)) == std::string::npos)
        wrong.push_back(tell_end(run, "I7: the error is not told"));
    if (run.status != 1)
        return;
    const auto failures = std::count_if(run.told.begin(), run.told.end(), [](const auto& one) {
        return one.second.decision == "fail";
    });
    const bool is_of_one = findings.struck->change.path.find("/components/") != std::string::npos ||
                           findings.struck->change.path.find("/opt/") != std::string::npos;
    if (blow.kind == Kind::error && !blow.for_ever && is_of_one && failures > 1)
        wrong.push_back(tell_end(run, "I9: both components failed"));
    const bool is_space = blow.error == ENOSPC || blow.error == EDQUOT;
    for (const auto& [name, told] : run.told)
        if (blow.kind == Kind::error && told.decision == "fail" &&
            told.kind != (is_space ? "space" : "io"))
            wrong.push_back(tell_end(run, "I7: " + name + " is an error of kind " + told.kind));
}

Blown Stage::strike(const Blow& blow, std::uint64_t at) {
    reset();
    Orders orders;
    orders.blow = blow;
    orders.at = at;
    orders.counted = counted_for(blow);
    Findings findings;
    const RunResult run = this->run(orders, findings);
    Blown blown{findings.struck, {}};
    if (!blown.struck)
        return blown;
    blown.violations =
        wrong_between(course_.before, picture_of(scene_.machine), course_.after, scene_.machine);
    check_end(blow, findings, run, blown.violations);
    recover(scene_, workload_, course_, blown.violations);
    return blown;
}

} // namespace provisor::test
