// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/workload.hpp"

#include "base/sha256.hpp"
#include "local/unpack/archives.hpp"
#include "model/generation.hpp"
#include "store/component_store.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> pass{"--json", "apply"};

void first_install(Scene& scene) { scene.publish(1); }

/// Something that works stands there already; it is kept before it is overwritten.
void overwriting(Scene& scene) {
    fs::create_directories(scene.machine.under("opt"));
    write_text(scene.target(), "#!/bin/sh\n# installed by hand\n");
    fs::permissions(scene.target(), fs::perms(0711));
    scene.publish(1);
}

/// The component has another name from now on, which takes the file over with new content.
void hand_over(Scene& scene) {
    scene.install(1);
    scene.app_name = "renamed";
    scene.publish(2);
}

void update(Scene& scene) {
    scene.install(1);
    scene.publish(2);
}

/// Content, mode, and one file of `beside` that is not there at all.
void repair(Scene& scene) {
    scene.install(1);
    write_text(scene.target(), "#!/bin/sh\n# by hand\n");
    fs::permissions(scene.target(), fs::perms(0700));
    fs::permissions(scene.machine.under("opt/beside"), fs::perms(0644));
}

/// What a pass on systemd would have kept when it found version 1 healthy.
void rollback(Scene& scene) {
    scene.install(1);
    ComponentStore store(scene.machine.under("var/lib/provisor"));
    store.write_generations(
        "app", {{*store.installed("app"), "1", scene.origin.url("/app"), wall_clock()}});
    scene.install(2);
}

void removal(Scene& scene) {
    scene.install(1);
    scene.app_lines = "    state: absent\n";
    scene.write_manifest();
}

/// Three versions in the cache of which two may stay, and what nobody knows.
void prune(Scene& scene) {
    for (int version = 1; version <= 3; ++version)
        scene.install(version);
    scene.machine.configure("cache: { keep_versions: 1 }\n");
    const std::string unknown = program(9);
    write_text(scene.machine.cache() / "blobs" / sha256_of(unknown), unknown);
    write_text(scene.machine.cache() / "urls" / sha256_of("http://127.0.0.1/unknown"), "{}");
    write_text(scene.machine.cache() / "partial/member-7", "left over");
}

std::string archive(int version) {
    const std::string number = std::to_string(version);
    return gzip_of(tar_of(
        {{.name = "app-" + number + "/app", .content = program(version)},
         {.name = "app-" + number + "/tool", .content = "#!/bin/sh\n# tool " + number + "\n"},
         {.name = "app-" + number + "/notes",
          .content = "Notes on " + number + "\n",
          .mode = 0644}}));
}

/// Several files of one archive, one of which version 2 does not have any more, and a unit file.
void publish_archive(Scene& scene, int version) {
    const std::string content = archive(version);
    scene.app_lines = "    sha256: " + sha256_of(content) +
                      "\n    files:\n"
                      "      - { from: \"*/app\", path: /opt/app, mode: \"0750\" }\n"
                      "      - { from: \"*/tool\", path: /opt/tools/tool, mode: \"4755\" }\n";
    if (version == 1)
        scene.app_lines +=
            "      - { from: \"*/notes\", path: /opt/share/notes, mode: \"0644\" }\n";
    scene.app_lines += "    units:\n      - name: app.service\n        on_change: restart\n"
                       "        file: \"[Service]\\nExecStart=/opt/app " +
                       std::to_string(version) + "\\n\"\n";
    scene.publish(version);
    scene.origin.serve("/app", page(content, "\"archive" + std::to_string(version) + "\""));
}

void archive_install(Scene& scene) { publish_archive(scene, 1); }

void archive_update(Scene& scene) {
    publish_archive(scene, 1);
    const RunResult run = scene.machine.apply();
    ASSERT_EQ(run.status, 0) << run.out << run.err;
    publish_archive(scene, 2);
}

/// The second half of a body whose first half came before.
void resumption(Scene& scene) {
    scene.install(1);
    scene.publish(2, "cut=120000");
    EXPECT_EQ(scene.machine.apply().status, 1);
    EXPECT_FALSE(state_of(scene).unfinished.empty());
    scene.publish(2);
}

/// As zstd (RFC 8878) without compressing anything: blocks of type raw.
std::string zstd_of(const std::string& content) {
    constexpr std::size_t block = std::size_t{64} * 1024;
    constexpr std::size_t last = 1;
    std::string frame = number(0xFD2FB528, 4);
    frame += '\0';   // neither size nor checksum nor dictionary
    frame += '\x38'; // a window of 128 KiB: 2^(10 + 7)
    for (std::size_t at = 0; at < content.size(); at += block) {
        const std::string piece = content.substr(at, block);
        const bool ends = at + piece.size() == content.size();
        frame += number((piece.size() << 3) | (ends ? last : 0), 3) + piece;
    }
    return frame;
}

void encoded(Scene& scene) {
    scene.install(1);
    scene.publish(2);
    Page body = page(zstd_of(program(2)), "\"v2-zstd\"");
    body.headers = "Content-Encoding: zstd\r\n";
    scene.origin.serve("/app", body);
}

} // namespace

const std::vector<Workload>& workloads() {
    static const std::vector<Workload> all{
        {"install", pass, first_install},
        {"overwrite", pass, overwriting},
        {"update", pass, update},
        {"hand-over", pass, hand_over},
        {"repair", pass, repair},
        {"resume", pass, resumption},
        {"encoded", pass, encoded},
        {"archive", pass, archive_install},
        {"archive-update", pass, archive_update},
        {"remove", pass, removal, true, false},
        {"rollback", {"--json", "rollback", "app"}, rollback, false, false},
        {"prune", {"prune"}, prune, false, false},
    };
    return all;
}

} // namespace provisor::test
