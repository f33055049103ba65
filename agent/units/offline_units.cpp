// SPDX-License-Identifier: Apache-2.0
#include "units/systemd_units.hpp"

#include "base/error.hpp"
#include "base/inside_root.hpp"
#include "base/text.hpp"
#include "units/not_installable.hpp"
#include "units/systemctl.hpp"
#include "units/unit_copy.hpp"

#include <fmt/format.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

bool is_mask(const fs::path& file) {
    std::error_code ignored;
    return fs::is_symlink(file, ignored) && fs::read_symlink(file, ignored) == "/dev/null";
}

class OfflineUnits : public UnitManager {
public:
    explicit OfflineUnits(fs::path root) : root_(std::move(root)) {}

    UnitState state(const std::string& unit) override {
        UnitState state;
        state.load_state = "not-found";
        for (const fs::path& folder : unit_file_folders()) {
            const fs::path file = real_path_inside(root_, folder) / unit;
            std::error_code ignored;
            if (!fs::is_symlink(file, ignored) && !fs::is_regular_file(file, ignored))
                continue;
            state.load_state = is_mask(file) ? "masked" : "loaded";
            state.fragment_path = (folder / unit).string();
            // Also says it (in its own words) with another exit status when the unit is disabled.
            const std::string word = systemctl({"is-enabled", unit}).output;
            state.unit_file_state = word.substr(0, word.find('\n'));
            break;
        }
        return state;
    }

    bool is_going_down() override { return false; }

    std::vector<UnitJobResult> run(const std::vector<UnitJob>& jobs, Duration /*timeout*/,
                                   const Interrupt& /*interrupt*/) override {
        return {jobs.size(), UnitJobResult{"skipped", "no systemd runs below this root"}};
    }

    void daemon_reload() override {}
    void reset_failed(const std::string& /*unit*/) override {}
    std::optional<std::vector<CommandResult>>
    run_contained(std::span<const ContainedCommand> /*commands*/,
                  const Interrupt& /*interrupt*/) override {
        return std::nullopt;
    }

    void disable(const std::vector<std::string>& units) override { demand("disable", units); }

    bool enable(const std::vector<std::string>& units) override {
        if (units.empty())
            return false;
        const SystemctlResult result = demand("enable", units);
        // The one thing that it reports of a change: "Created symlink A → B."
        const bool changed = result.output.find("Created symlink") != std::string::npos;
        if (!changed && result.output.find("no installation config") != std::string::npos)
            warn_not_installable(units);
        return changed;
    }

private:
    SystemctlResult demand(const char* verb, const std::vector<std::string>& units) const {
        std::vector<std::string> words{verb};
        words.insert(words.end(), units.begin(), units.end());
        SystemctlResult result = systemctl(words);
        if (result.exit_status != 0)
            throw Error(ErrorKind::unit,
                        fmt::format("{} {}: {}", verb, fmt::join(units, " "),
                                    result.output.empty() ? "systemctl failed without a word"
                                                          : printable(result.output)));
        return result;
    }

    SystemctlResult systemctl(std::vector<std::string> words) const {
        if (leads_systemctl_astray(root_))
            return run_systemctl_on_copy(root_, words);
        words.insert(words.begin(), "--root=" + root_.string());
        return run_systemctl(words);
    }

    fs::path root_;
};

} // namespace

std::unique_ptr<UnitManager> make_offline_units(const fs::path& root) {
    return std::make_unique<OfflineUnits>(root);
}

} // namespace provisor
