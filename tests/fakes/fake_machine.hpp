// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fakes/fake_journal.hpp"
#include "fakes/fake_origin.hpp"
#include "fakes/fake_units.hpp"
#include "pass/pass.hpp"
#include "store/component_store.hpp"
#include "support/temporary_folder.hpp"

#include <string>

namespace provisor::test {

/// A machine in a temporary folder with one origin, one service manager and one journal, on which
/// passes can be run. Targets are real files, and so is the state.
class FakeMachine {
public:
    FakeMachine();

    /// A component "app" that installs https://origin/app as <folder>/bin/app; a script, so that
    /// any text will do.
    Component app() const;
    /// The same with a unit app.service whose settle time is zero.
    Component app_with_unit() const;

    PassReport run(const std::vector<Component>& components, const PassOptions& options = {});
    /// Runs a pass over one component and returns its outcome.
    Outcome run_one(const Component& component, const PassOptions& options = {});

    void publish(const std::string& content, const std::string& etag,
                 const std::string& url = app_url);
    std::string target() const { return read_text(folder / "bin/app"); }
    std::filesystem::path blob(const std::string& content) const;

    static constexpr const char* app_url = "https://origin/app";

    TemporaryFolder folder;
    Paths paths;
    FakeOrigin origin;
    FakeUnits units;
    FakeJournal journal;
    Interrupt interrupt;
    Progress progress;
    AgentConfig config;
    OwnService own_service;     ///< none, unless a test says so
    std::string unpack_program; ///< provisor-unpack, unless a test says otherwise
};

/// A script with this text: passes for a program.
std::string script(const std::string& text);

} // namespace provisor::test
