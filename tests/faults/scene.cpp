// SPDX-License-Identifier: Apache-2.0
#include "faults/scene.hpp"

#include "base/sha256.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <numeric>
#include <random>
#include <sys/stat.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t program_size = 200'000;
constexpr int last_version = 3;

std::string tag_of(int version) { return "\"v" + std::to_string(version) + "\""; }

std::string beside_program(int version) {
    return "#!/bin/sh\n# beside, version " + std::to_string(version) + "\n";
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(folder, missing))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// What a machine without a past comes to with the scene's configuration and origin.
State clean_install(const Scene& scene) {
    Scene clean;
    fs::copy(scene.machine.under("etc/provisor"), clean.machine.under("etc/provisor"),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    const RunResult run = clean.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    return state_of(clean);
}

} // namespace

std::string program(int version) {
    std::string text = "#!/bin/sh\n# version " + std::to_string(version) + "\nexit 0\n";
    std::mt19937_64 random(static_cast<std::uint64_t>(version));
    while (text.size() < program_size)
        text += static_cast<char>('0' + random() % 75);
    return text;
}

void Scene::publish(int version, const std::string& behavior) {
    version_ = version;
    origin.serve("/app", page(program(version), tag_of(version), behavior));
    origin.serve("/beside", page(beside_program(version), tag_of(version)));
    write_manifest();
}

void Scene::write_manifest() const {
    const std::string version = std::to_string(version_);
    std::string beside = origin.url("/beside");
    beside.insert(beside.find("127."), std::string("me:") + Canaries::user + "@");
    // Under a name of a CDN, without a name, and behind what is never sent.
    for (const char* before : {"?hdnts=exp=1~hmac=", "&", "#"})
        beside += std::string(before) + Canaries::query;
    machine.write_manifest(
        "components:\n  " + app_name + ":\n    version: \"" + version + "\"\n    url: \"" +
        app_url + "\"\n" + (with_credentials ? "    auth: { bearer: credential:app }\n" : "") +
        app_lines +
        (app_lines.find("files:") == std::string::npos ? "    path: /opt/app\n    mode: \"0750\"\n"
                                                       : "") +
        "  beside:\n    version: \"" + version + "\"\n    url: \"" + beside +
        "\"\n    path: /opt/beside\n    mode: \"0755\"\n"
        // Some rows publish an older version after a newer one.
        "    allow_downgrade: true\n");
}

void Scene::install(int version) {
    publish(version);
    const RunResult run = machine.apply();
    ASSERT_EQ(run.status, 0) << run.out << run.err;
}

std::vector<Exchange> Scene::asked() const {
    std::vector<Exchange> asked = origin.log();
    std::erase_if(asked, [](const Exchange& one) { return one.request.path != "/app"; });
    return asked;
}

std::uint64_t Scene::sent() const {
    const std::vector<Exchange> exchanges = asked();
    return std::accumulate(
        exchanges.begin(), exchanges.end(), std::uint64_t{0},
        [](std::uint64_t sum, const Exchange& one) { return sum + one.body_bytes; });
}

State state_of(const Scene& scene) {
    State state;
    struct stat facts {};
    if (::lstat(scene.target().c_str(), &facts) == 0) {
        EXPECT_TRUE(S_ISREG(facts.st_mode));
        state.mode = facts.st_mode & 07777;
        state.content = read_text(scene.target());
    }
    state.marker = scene.machine.marker("app");
    for (const std::string& name : names_in(scene.machine.cache() / "urls")) {
        const std::string text = read_text(scene.machine.cache() / "urls" / name);
        if (text.find("/beside") == std::string::npos)
            state.records[name] = text;
    }
    state.blobs = names_in(scene.machine.cache() / "blobs");
    for (int version = 1; version <= last_version; ++version)
        std::erase(state.blobs, sha256_of(beside_program(version)));
    state.unfinished = names_in(scene.machine.cache() / "partial");
    return state;
}

void expect_untouched(const Scene& scene, const State& before) {
    State now = state_of(scene);
    EXPECT_TRUE(now.content == before.content) << now.content.substr(0, 60);
    EXPECT_EQ(now.mode, before.mode);
    EXPECT_EQ(now.marker, before.marker);
    EXPECT_EQ(now.records, before.records) << "a validator of a refused body was stored";
    EXPECT_EQ(now.blobs, before.blobs);
    expect_clean(scene.machine);
}

void expect_like_clean_install(const Scene& scene) {
    // Where it comes from and with which credentials leaves no trace in what is installed, so that
    // one clean install does for all plain ones of a version.
    static std::map<std::string, State> plain;
    const std::string version = std::to_string(scene.version());
    const State wanted = scene.app_lines.empty() && plain.contains(version) ? plain.at(version)
                                                                            : clean_install(scene);
    if (scene.app_lines.empty())
        plain[version] = wanted;
    const State now = state_of(scene);
    EXPECT_TRUE(now.content == wanted.content) << now.content.substr(0, 60);
    EXPECT_EQ(now.mode, wanted.mode);
    EXPECT_EQ(now.marker, wanted.marker);
    EXPECT_EQ(now.unfinished, wanted.unfinished);
    EXPECT_THAT(names_in(scene.machine.under("opt")), testing::ElementsAre("app", "beside"));
    expect_clean(scene.machine);
}

void expect_beside_unharmed(const Scene& scene, const RunResult& run, int version) {
    const auto beside = run.told.find("beside");
    ASSERT_NE(beside, run.told.end());
    EXPECT_NE(beside->second.decision, "fail") << beside->second.message;
    EXPECT_EQ(read_text(scene.machine.under("opt/beside")), beside_program(version));
}

} // namespace provisor::test
