// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/machine.hpp"
#include "origin/origin.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace provisor::test {

/// An executable of this version: a script with 200,000 bytes that do not compress.
std::string program(int version);

/// A machine with two components and their origin. `app`, which the faults are for, is asked for
/// with a bearer token and a secret in the query; `beside`, which must not notice them, with a
/// secret in the URL's user information.
class Scene {
public:
    explicit Scene(const std::string& more_configuration = "") : machine(more_configuration) {}

    /// Serves and wants this version of both; `app` as `behavior` says.
    void publish(int version, const std::string& behavior = "");
    /// The manifest of the version that was published last, with app_url and app_lines.
    void write_manifest() const;
    /// publish, and a pass that must succeed.
    void install(int version);
    /// The requests for `app` since the last forget().
    std::vector<Exchange> asked() const;
    /// Bytes of bodies that were sent for `app` since the last forget().
    std::uint64_t sent() const;
    int version() const { return version_; }
    std::filesystem::path target() const { return machine.under("opt/app"); }

    Origin origin;
    Machine machine;
    std::string app_name = "app"; ///< of the component, for one that is renamed
    bool with_credentials = true; ///< of `app`
    std::string app_url = origin.url("/app") + "?token=" + Canaries::query;
    std::string app_lines; ///< more of its manifest, each with a line end: "    sha256: ...\n"

private:
    int version_ = 0;
};

/// What a pass may change, of the component `app`.
struct State {
    std::string content; ///< of the target, "" when it is not there
    unsigned mode = 0;
    std::string marker;
    std::map<std::string, std::string> records; ///< of its URLs, in the cache, by file name
    std::vector<std::string> blobs;             ///< their names, without those of `beside`
    std::vector<std::string> unfinished;        ///< names in cache/partial
    bool operator==(const State&) const = default;
};

State state_of(const Scene& scene);

/// The pass left `app` as it was: target, marker, what the cache knows; `beside` has `version`, and
/// nothing else was left anywhere. Unfinished bodies are not looked at.
void expect_untouched(const Scene& scene, const State& before);
/// `app` is as a clean install from the same origin would have made it, and nothing is left over.
void expect_like_clean_install(const Scene& scene);
/// `beside` was brought to this version, in this pass or before.
void expect_beside_unharmed(const Scene& scene, const RunResult& run, int version);

} // namespace provisor::test
