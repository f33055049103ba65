// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/temporary_folder.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace provisor::test {

/// What `apply --json` told of one component; empty texts where the document has null.
struct Told {
    std::string decision;
    std::string reason;
    std::string kind; ///< of the error
    std::string message;
    std::string url; ///< of the error
    std::string next_try;
    std::string previous_version;
    int http_status = 0;     ///< of the error
    std::uint64_t bytes = 0; ///< of bodies that were taken
};

/// How one run of the program ended.
struct RunResult {
    int status = 0; ///< the exit status, or 128 and a signal
    std::string out;
    std::string err;
    std::chrono::milliseconds took{};
    long peak_memory_kib = 0; ///< of the largest of its processes, with this one when it forked
    std::map<std::string, Told> told; ///< by component; of `--json apply`
};

/// Secrets that are in use in every run and must be seen nowhere.
struct Canaries {
    static constexpr const char* bearer = "canary-in-bearer";
    static constexpr const char* user = "canary-in-user-info";
    static constexpr const char* query = "canary-in-query";
    static std::vector<std::string> all() { return {bearer, user, query}; }
};

/// A machine in a folder: configuration, manifests, state and targets below root(), and the real
/// `provisor` of this build, with its two programs, run on it. Every run fails the test when a
/// canary is in what it prints, or in the command line or the environment of one of its processes.
class Machine {
public:
    /// With limits of a second, no waiting after failures, and `more` in a file of agent.yaml.d.
    explicit Machine(const std::string& more = "");

    std::filesystem::path root() const { return folder_ / "root"; }
    /// Below root().
    std::filesystem::path under(const std::string& path) const { return root() / path; }
    std::filesystem::path cache() const { return under("var/lib/provisor/cache"); }
    /// A folder beside the root: credentials, and what a test wants to have.
    std::filesystem::path aside(const std::string& name) const { return folder_ / name; }

    void configure(const std::string& more) const;
    void write_manifest(const std::string& text) const;
    void set_environment(const std::string& name, const std::string& value);
    /// What the command line begins with, in place of the program itself: {"unshare", "--net"}.
    void run_under(std::vector<std::string> launcher) { launcher_ = std::move(launcher); }

    /// `provisor --root R` with these arguments.
    RunResult run(const std::vector<std::string>& arguments) const;
    /// `provisor --root R --json apply`.
    RunResult apply() const;

    /// The text of a component's marker, "" when it has none.
    std::string marker(const std::string& component) const;

private:
    TemporaryFolder folder_;
    std::map<std::string, std::string> environment_;
    std::vector<std::string> launcher_;
};

/// No canary is in any file below the root that provisor wrote, and nothing is called .provisor-*.
void expect_clean(const Machine& machine);

} // namespace provisor::test
