// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "install/staging.hpp"
#include "model/agent_config.hpp"
#include "model/paths.hpp"
#include "pass/pass.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"

#include <string>

namespace provisor {

/// What is learnt of content by running it (or something else on it): whether it passes the
/// manifest's `check`, and which version it calls itself (`version_from`). Both run as nobody, see
/// run_contained().
class Examination {
public:
    Examination(const AgentConfig& config, const Paths& paths, Cache& cache,
                const Surroundings& around, Units units)
        : config_(config), paths_(paths), cache_(cache), around_(around), units_(units) {}

    enum class Verdict { fit, held };

    /// Looks at what is staged, when content that was not installed before is about to be: not at
    /// what is repaired, and not at what is gone back to. Throws Error of kind check, and remembers
    /// it in the record, when its check does not end with exit status 0, or when it calls itself
    /// another version than the manifest has. Held is what calls itself a lower version than what
    /// was installed before.
    Verdict examine(Work& work, Staging& staging) const;

    /// The label of what is wanted, when an earlier pass has learnt it.
    static void recall_version(Work& work);

    /// Learns the version of what is in place, once for each content: of what was there already,
    /// and of what does not tell before it is in its place. That it cannot be learnt is a warning.
    void learn_version(Work& work) const;

private:
    void check(Work& work, const LentFile* lent) const;
    void require_version(Work& work) const;
    [[noreturn]] void refuse(Work& work, const std::string& why) const;
    void find_staged_version(Work& work, const LentFile& lent) const;
    bool run_version_command(Work& work, const ContainedCommand& command, const std::string& sha256,
                             bool last_try) const;

    const AgentConfig& config_;
    const Paths& paths_;
    Cache& cache_;
    const Surroundings& around_;
    Units units_;
};

} // namespace provisor
