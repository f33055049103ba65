// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edits/edits.hpp"
#include "fakes/fake_machine.hpp"
#include "support/removal_watch.hpp"

#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace provisor::test {

/// The manifests as they are to be edited, and the machine that they are for.
class EditWorld {
public:
    explicit EditWorld(std::uint64_t seed);

    EditSequence sequence;

protected:
    using RealPaths = std::set<std::filesystem::path>;
    struct Wish {
        std::set<std::string> paths; ///< as the manifest writes them
        mode_t mode = 0755;
        std::string unit; ///< of which it brings the file; may be empty
        WantedState state = WantedState::present;
        bool readable = true; ///< its manifest is
    };

    std::size_t below(std::size_t count) { return count == 0 ? 0 : random_() % count; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    void tell(const std::string& what) { sequence.story.push_back(what); }
    void complain(const std::string& what);
    Component component_of(const std::string& name, const Wish& wish) const;
    std::string url_of(const std::string& name) const { return "https://origin/" + name; }
    void publish_next(const std::string& name);
    static std::string unit_text(const std::string& name) {
        return "[Service]\nExecStart=/" + name + "\n";
    }
    /// Where a path leads to right now.
    std::filesystem::path real(const std::filesystem::path& path) const;
    /// To be called after a link is made or removed.
    void forget_real_folders() { real_folders_.clear(); }
    RealPaths wanted_by(const std::string& name, const Wish& wish) const;
    struct Content {
        std::string component; ///< whose it is
        std::string bytes;
    };
    /// What the markers list, by component.
    struct Markers {
        std::map<std::string, RealPaths> files;
        std::map<std::string, RealPaths> named;        ///< with what was given up
        std::map<std::filesystem::path, Content> kept; ///< what nobody may touch
        RealPaths unrecorded; ///< where a killed pass put what it did not record
    };
    Markers markers() const;
    /// What is in the directories of targets.
    RealPaths there() const;

    /// A pass over `names`, or all; `extra`: an orphan to be removed. Looks at what must hold.
    void pass(const PassOptions& options = {}, const std::vector<Component>& extra = {});
    /// A pass over all that is killed before one of its writes, in a process of its own.
    void cut_pass();
    /// No edits and failures any more.
    void end();

    std::mt19937_64 random_;
    FakeMachine machine_;
    RemovalWatch watch_;
    std::map<std::string, Wish> wishes_;
    std::map<std::string, unsigned> versions_;             ///< what the origin has, by component
    std::map<std::filesystem::path, std::string> foreign_; ///< what is not provisor's
    std::set<std::string> operator_holds_;
    /// What a killed pass has put over something else before it wrote the marker. If the manifests
    /// have dropped it by the next pass, it stays, as what stood there would.
    std::map<std::filesystem::path, Content> unrecorded_;

private:
    std::string goes_back_; ///< whom an operator has go back in this pass
    mutable std::map<std::filesystem::path, std::filesystem::path> real_folders_;
    Settings settings(const std::vector<Component>& extra) const;
    static bool stands_as_it_is(const Outcome& outcome);
    bool keeps_its_files(const std::string& name) const;
    void watch_folders();
    void check_removals(const PassReport& report, const Markers& before,
                        const std::vector<Component>& extra);
    void check_wanted(const PassReport& report);
    void check_foreign(const PassReport& report);
    void check_end();
};

} // namespace provisor::test
