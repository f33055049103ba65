// SPDX-License-Identifier: Apache-2.0
#include "fakes/fake_machine.hpp"

#include "base/sha256.hpp"
#include "fakes/package_database.hpp"

#include <unistd.h>

namespace provisor::test {

FakeMachine::FakeMachine() : unpack_program(PROVISOR_UNPACK) {
    hide_package_databases_as_root();
    paths.state_dir = folder / "state";
    paths.run_dir = folder / "run";
    paths.unit_dir = (folder / "units").string();
    paths.manifest_dirs = {folder / "manifests"};
    // What fails is tried again at once, unless a test is about that.
    config.retry.first = Duration::zero();
    std::filesystem::create_directories(folder / "bin");
    std::filesystem::create_directories(folder / "run");
}

Component FakeMachine::app() const {
    Component component;
    component.name = "app";
    component.version = "1.0";
    component.url = app_url;
    component.files = {{"", (folder / "bin/app").string(), 0755, std::to_string(::geteuid()),
                        std::to_string(::getegid())}};
    component.health.settle = Duration::zero();
    return component;
}

Component FakeMachine::app_with_unit() const {
    Component component = app();
    UnitSpec unit;
    unit.name = "app.service";
    component.units = {unit};
    return component;
}

PassReport FakeMachine::run(const std::vector<Component>& components, const PassOptions& options) {
    Settings settings;
    settings.config = config;
    settings.components = components;
    return run_pass(settings, paths, options,
                    {origin, units, journal, interrupt, progress, unpack_program, own_service});
}

Outcome FakeMachine::run_one(const Component& component, const PassOptions& options) {
    return run({component}, options).components.at(0);
}

void FakeMachine::publish(const std::string& content, const std::string& etag,
                          const std::string& url) {
    origin.pages[url] = {content, etag, "", 200};
}

std::filesystem::path FakeMachine::blob(const std::string& content) const {
    return paths.state_dir / "cache/blobs" / sha256_of(content);
}

std::string script(const std::string& text) { return "#!/bin/sh\n" + text + "\n"; }

} // namespace provisor::test
