// SPDX-License-Identifier: Apache-2.0
#include "faults/power/outage.hpp"

#include "faults/own_namespace.hpp"
#include "faults/strike/report.hpp"

#include <algorithm>
#include <stdexcept>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

constexpr int not_permitted = 125;

bool commits(Reaches reaches, std::size_t disk) {
    switch (reaches) {
    case Reaches::nothing:
        return false;
    case Reaches::journals:
        return true;
    case Reaches::journal_of_targets:
        return disk == 0;
    case Reaches::journal_of_state:
        return disk == 1;
    }
    return false;
}

fs::path prepared(const Disk& disk) { return disk.image().string() + ".prepared"; }

std::string joined(const std::vector<std::uint64_t>& numbers) {
    std::string text;
    for (const std::uint64_t number : numbers)
        text += (text.empty() ? "" : ",") + std::to_string(number);
    return text;
}

} // namespace

const char* to_text(Layout layout) { return layout == Layout::one_disk ? "one-disk" : "two-disks"; }

const char* to_text(Reaches reaches) {
    constexpr const char* names[] = {"nothing", "journals", "journal-of-state",
                                     "journal-of-targets"};
    return names[static_cast<std::size_t>(reaches)];
}

std::vector<Reaches> all_reaches(Layout layout) {
    if (layout == Layout::one_disk)
        return {Reaches::nothing, Reaches::journals};
    return {Reaches::nothing, Reaches::journals, Reaches::journal_of_state,
            Reaches::journal_of_targets};
}

Outage::Outage(const Workload& workload, const DiskKind& kind, Layout layout)
    : workload_(workload) {
    const Machine& machine = scene_.machine;
    fs::create_directories(machine.aside("disks"));
    fs::create_directories(machine.aside("copies"));
    disks_.push_back(std::make_unique<Disk>(kind, machine.aside("disks/0")));
    if (layout == Layout::two_disks)
        disks_.push_back(std::make_unique<Disk>(kind, machine.aside("disks/1")));
    fs::rename(machine.root(), machine.aside("made"));
    fs::create_directory(machine.root());
    disks_[0]->mount(machine.root());
    fs::copy(machine.aside("made"), machine.root(), fs::copy_options::recursive);
    if (layout == Layout::two_disks) {
        fs::create_directories(machine.under("var/lib/provisor"));
        disks_[1]->mount(machine.under("var/lib/provisor"));
    }
    workload.prepare(scene_);
    unmount();
    for (const auto& disk : disks_)
        copy_sparse(disk->image(), prepared(*disk));

    reset();
    course_.before = picture_of(machine);
    calls_ = run({}).size();
    course_.after = picture_of(machine);
    const RunResult next = machine.run({"--json", "apply"});
    if (next.status != 0 || !differences(course_.after, picture_of(machine), machine).empty())
        throw std::runtime_error(std::string(workload.name) + " is not at rest: " + next.out);
    if (const auto marker = course_.after.markers.find(scene_.app_name);
        marker != course_.after.markers.end())
        course_.wanted = marker->second.artifact;
    unmount();
}

Outage::~Outage() {
    // The one that is mounted on the other goes first.
    while (!disks_.empty())
        disks_.pop_back();
}

void Outage::mount() {
    disks_[0]->mount(scene_.machine.root());
    if (disks_.size() > 1)
        disks_[1]->mount(scene_.machine.under("var/lib/provisor"));
}

void Outage::unmount() {
    for (auto disk = disks_.rbegin(); disk != disks_.rend(); ++disk)
        (*disk)->unmount();
}

void Outage::reset() {
    for (const auto& disk : disks_)
        copy_sparse(prepared(*disk), disk->image());
    mount();
    scene_.origin.forget();
}

std::vector<CountedCall> Outage::run(const std::vector<std::string>& options) {
    const fs::path report = scene_.machine.aside("report.json");
    std::vector<std::string> launcher{STRIKE, "--report", report};
    launcher.insert(launcher.end(), options.begin(), options.end());
    scene_.machine.run_under(launcher);
    const RunResult run = scene_.machine.run(workload_.command);
    scene_.machine.run_under({});
    if (run.status == not_permitted)
        throw NotPermitted{run.err};
    if (run.status != 0)
        throw std::runtime_error(tell_end(run, workload_.name));
    return read_report(report).calls;
}

std::vector<Cut> Outage::cut(const std::vector<std::uint64_t>& at, Reaches reaches) {
    const fs::path copies = scene_.machine.aside("copies");
    reset();
    std::vector<std::string> options{"--copies", copies, "--copy-at", joined(at)};
    for (std::size_t i = 0; i < disks_.size(); ++i) {
        options.emplace_back("--disk");
        options.push_back(disks_[i]->image().string() + ":" + disks_[i]->device() + ":" +
                          disks_[i]->folder().string() + (commits(reaches, i) ? ":commit" : ""));
    }
    const std::vector<CountedCall> calls = run(options);
    unmount();
    std::vector<Cut> cuts;
    for (const std::uint64_t number : at)
        // Processes that run side by side do not always make as many calls.
        if (number <= calls.size())
            cuts.push_back({number, calls.at(number - 1), false, {}});
    cuts.push_back({});
    for (Cut& cut : cuts)
        check(cut);
    return cuts;
}

void Outage::check(Cut& cut) {
    const Machine& machine = scene_.machine;
    const fs::path first = copy_path(machine.aside("copies"), cut.at, 0);
    cut.is_new = fs::exists(first);
    if (!cut.is_new)
        return;
    for (std::size_t i = 0; i < disks_.size(); ++i)
        fs::rename(copy_path(machine.aside("copies"), cut.at, i), disks_[i]->image());
    try {
        mount();
    } catch (const NoNamespace& problem) {
        cut.violations.emplace_back(std::string("what is left cannot be mounted: ") +
                                    problem.what());
        unmount();
        return;
    }
    // It is on a file system in memory.
    fs::remove_all(machine.under("run"));
    cut.violations = wrong_between(course_.before, picture_of(machine), course_.after, machine);
    if (cut.at == 0)
        check_success(cut.violations);
    recover(scene_, workload_, course_, cut.violations);
    unmount();
}

void Outage::check_success(std::vector<std::string>& wrong) const {
    const Picture now = picture_of(scene_.machine);
    Picture wanted = course_.after;
    wanted.cache.insert(now.cache.begin(), now.cache.end());
    for (const std::string& line : differences(wanted, now, scene_.machine))
        if (!line.starts_with("I6"))
            wrong.push_back("after it was told that all is done: " + line);
    if (now.changes != course_.after.changes)
        wrong.emplace_back("after it was told that all is done: the history is not");
    for (const std::string& file : course_.after.cache)
        if ((file.starts_with("blobs/") || file.starts_with("urls/")) && !now.cache.contains(file))
            wrong.push_back("I5: not in the cache after it was told that all is done: " + file);
}

} // namespace provisor::test
