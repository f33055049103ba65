// SPDX-License-Identifier: Apache-2.0
#include "pass/examination.hpp"

#include "base/error.hpp"
#include "base/inside_root.hpp"
#include "base/privileges.hpp"
#include "base/random.hpp"
#include "model/found_version.hpp"
#include "model/generation.hpp"
#include "model/retry.hpp"
#include "model/shown_url.hpp"
#include "model/version_order.hpp"
#include "pass/contained.hpp"
#include "pass/put_in_place.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/statvfs.h>

namespace provisor {
namespace {

/// Whether a file of the artifact is to be placed with content that was not installed before.
bool brings_new_content(const Work& work, const std::string& unit_dir) {
    if (work.plan.decision != Decision::install && work.plan.decision != Decision::update)
        return false;
    const auto is_installed_content = [&](const InstalledFile& file) {
        const InstalledFile* before =
            work.observed.installed ? work.observed.installed->find(file.path) : nullptr;
        return before != nullptr && before->sha256 == file.sha256;
    };
    const auto is_unit_file = [&](const std::string& path) {
        return std::any_of(
            work.component->units.begin(), work.component->units.end(),
            [&](const UnitSpec& unit) { return unit.file && path == unit_dir + "/" + unit.name; });
    };
    return std::any_of(
        work.plan.place.begin(), work.plan.place.end(), [&](const std::string& path) {
            return !is_unit_file(path) && !is_installed_content(*work.wanted.find(path));
        });
}

bool speaks_of(const std::vector<std::string>& words, const char* placeholder) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return word.find(placeholder) != std::string::npos;
    });
}

/// Why a program that lies there may not be run, if it is that.
std::string explain_start(const CommandResult& result, const std::vector<std::string>& words,
                          const LentFile* lent) {
    struct statvfs facts {};
    const bool noexec = result.end == CommandResult::End::not_started && lent != nullptr &&
                        words.front() == lent_word && ::statvfs(lent->path.c_str(), &facts) == 0 &&
                        (facts.f_flag & ST_NOEXEC) != 0;
    return noexec ? fmt::format(" ('{}' is mounted noexec, so that nothing there can be run)",
                                lent->path.parent_path().string())
                  : "";
}

std::string in_words(const CommandResult& result, const std::vector<std::string>& words,
                     const LentFile* lent) {
    const std::string output = shown_output(result);
    return shown_text(fmt::format("`{}`: {}{}{}", shown_words(words), describe(result),
                                  explain_start(result, words, lent),
                                  output.empty() ? "" : "; it printed: " + output));
}

/// A file that is staged already, or is staged for this alone: shown to the commands and to nobody
/// else, until it is given back.
class Loan {
public:
    Loan(const Work& work, const Paths& paths, Cache& cache, Staging& staging,
         const Interrupt& interrupt)
        : staging_(staging), path_(work.component->files.front().path),
          extra_(!staging.has(path_)) {
        if (extra_)
            stage_file(work, *work.wanted.find(path_), cache, staging, paths, interrupt);
        file_ = {staging.lend(path_, find_account(command_account).group),
                 std::filesystem::path(path_).filename().string()};
    }
    const LentFile& file() const { return file_; }
    /// Not left to a destructor: what cannot be given back must not be installed.
    void give_back() {
        if (extra_)
            staging_.discard(path_);
        else
            staging_.take_back(path_);
    }

private:
    Staging& staging_;
    std::string path_;
    bool extra_;
    LentFile file_;
};

/// The digest of the component's first file, as it is wanted or (update: if-missing) as it is
/// there.
std::string first_content(const Work& work) {
    if (work.component->files.empty())
        return "";
    const std::string& path = work.component->files.front().path;
    if (const InstalledFile* wanted = work.wanted.find(path); wanted != nullptr && !work.as_is)
        return wanted->sha256;
    const auto actual = work.observed.actual.find(path);
    return actual == work.observed.actual.end() ? "" : actual->second.sha256;
}

void put_label(Work& work, const std::string& version) {
    if (!version.empty())
        work.version = work.outcome.version = version;
}

} // namespace

void Examination::check(Work& work, const LentFile* lent) const {
    const Component& component = *work.component;
    ContainedCommand command{
        "check-" + component.name,
        fmt::format("Check of {} before it is installed", component.name),
        with_text(component.check, path_word,
                  real_path_inside(paths_.root, component.files.front().path).string())};
    if (lent != nullptr)
        command.lent = *lent;
    around_.progress.set_stage(fmt::format("checking {}", component.name));
    const CommandResult result = run_contained(command, around_, units_);
    if (!result.good())
        refuse(work, in_words(result, component.check, lent));
}

/// Remembers why the content is not taken, and throws it.
void Examination::refuse(Work& work, const std::string& why) const {
    const Component& component = *work.component;
    Record& record = work.record;
    const std::string installation = identity_of(work.wanted);
    const bool again = record.failed_check && record.failed_check->installation == installation;
    Error error(ErrorKind::check, fmt::format("'{}': {}", work.outcome.url, why));
    error.url = work.outcome.url;
    record.failed_check = FailedCheck{
        installation, error.what(),
        after_failure(again ? std::optional(record.failed_check->backoff) : std::nullopt, component,
                      config_.retry, std::nullopt, wall_clock(), random_number())};
    work.record_changed = true;
    if (record.failed_check->backoff.until != WallTime::max())
        work.outcome.next_try = record.failed_check->backoff.until;
    throw error;
}

/// Content that calls itself another version than its manifest has is not what is wanted: an old
/// release behind the URL of a new one looks like this.
void Examination::require_version(Work& work) const {
    const Component& component = *work.component;
    const auto found = work.record.found_version(version_key(component, first_content(work)));
    const auto fault = found ? find_version_fault(component, *found) : std::nullopt;
    if (!fault)
        return;
    work.version = work.outcome.version = component.version;
    refuse(work, fmt::format("{}; put one of them right, or say `version_order: none`", *fault));
}

/// False when there was nothing to be found, and another try may be better.
bool Examination::run_version_command(Work& work, const ContainedCommand& command,
                                      const std::string& sha256, bool last_try) const {
    const Component& component = *work.component;
    const CommandResult result = run_contained(command, around_, units_);
    // Some print their version and end with another exit status than 0.
    const auto version = result.end == CommandResult::End::exited
                             ? find_version(result.output, component.version_from->match)
                             : std::nullopt;
    if (!version && !last_try)
        return false;
    if (!version)
        spdlog::warn("{}: version_from found no version, and the label is {}: {}", component.name,
                     work.version.empty() ? "none" : fmt::format("'{}'", work.version),
                     in_words(result, component.version_from->command, nullptr));
    else if (!component.version.empty() && *version != component.version &&
             (last_try || !find_version_fault(component, *version)))
        spdlog::warn("{}: the manifest says version {}, and what it installs calls itself {}",
                     component.name, component.version, *version);
    work.record.remember_version({version_key(component, sha256), version.value_or("")});
    work.record_changed = true;
    put_label(work, version.value_or(""));
    return true;
}

void Examination::find_staged_version(Work& work, const LentFile& lent) const {
    const Component& component = *work.component;
    const ContainedCommand command{
        "version-" + component.name,
        fmt::format("Version of {} before it is installed", component.name),
        with_text(component.version_from->command, path_word, lent_word), lent};
    run_version_command(work, command, first_content(work), false);
}

Examination::Verdict Examination::examine(Work& work, Staging& staging) const {
    const Component& component = *work.component;
    const bool checks = !component.check.empty();
    const bool asks = component.version_from && !component.files.empty() &&
                      !work.record.found_version(version_key(component, first_content(work)));
    if (!brings_new_content(work, paths_.unit_dir))
        return Verdict::fit;
    std::optional<Loan> loan;
    if (asks || speaks_of(component.check, lent_word))
        loan.emplace(work, paths_, cache_, staging, around_.interrupt);
    if (checks)
        check(work, loan ? &loan->file() : nullptr);
    if (asks)
        find_staged_version(work, loan->file());
    require_version(work);
    if (loan)
        loan->give_back();
    if (work.record.failed_check) {
        work.record.failed_check.reset();
        work.record_changed = true;
    }
    const auto reason =
        found_downgrade_reason(component, work.version, work.record.highest_version);
    if (!reason)
        return Verdict::fit;
    hold(work, *reason);
    work.plan = {};
    return Verdict::held;
}

void Examination::recall_version(Work& work) {
    const Component& component = *work.component;
    if (!component.version_from)
        return;
    const auto version = work.record.found_version(version_key(component, first_content(work)));
    if (!version)
        return;
    const bool installed =
        work.observed.installed && work.observed.installed->same_installation(work.wanted);
    if (installed || !find_version_fault(component, *version))
        put_label(work, *version);
}

void Examination::learn_version(Work& work) const {
    const Component& component = *work.component;
    const Decision decision = work.outcome.decision;
    const bool in_force = decision == Decision::unchanged || decision == Decision::install ||
                          decision == Decision::update || decision == Decision::repair;
    const std::string sha256 = first_content(work);
    if (!component.version_from || !in_force || work.outcome.error || sha256.empty())
        return;
    if (const auto known = work.record.found_version(version_key(component, sha256))) {
        put_label(work, *known);
        return;
    }
    const std::string path = real_path_inside(paths_.root, component.files.front().path).string();
    ContainedCommand command{"version-" + component.name,
                             fmt::format("Version of {}", component.name),
                             component.version_from->command};
    // Below a root folder it is not in its place yet, and that folder may be closed to others.
    if (paths_.root.empty()) {
        for (const char* word : {path_word, lent_word})
            command.words = with_text(std::move(command.words), word, path);
    } else {
        command.words = with_text(std::move(command.words), path_word, lent_word);
        command.lent = LentFile{path, std::filesystem::path(path).filename().string()};
    }
    run_version_command(work, command, sha256, true);
}

} // namespace provisor
