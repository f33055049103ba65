// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pass/pass.hpp"
#include "pass/work.hpp"

#include <string>
#include <vector>

namespace provisor {

struct Component;

/// The unit that brings a new version of provisor into service; units/provisor-self-update.service.
constexpr const char* self_update_unit = "provisor-self-update.service";

/// Components whose unit job would end the very process that runs this pass: provisor itself,
/// installed without a package. Such a process can neither watch the new version come up nor take
/// it back, so it does not begin: the download is there and verified, and once the pass is over a
/// service of its own (self_update_unit) makes the rest of it, with a copy of the programs that are
/// running now, since these have proved that they work. That service is an ordinary pass over these
/// components which asks no origin; whatever holds for an update holds for this one, most of all
/// rollback and quarantine, which is why there is no loop of restarts.
///
/// A crash at any point converges: as long as the copy is there, each start of provisor.service (a
/// boot, too) starts the service as well, so that a new version which cannot start is taken back
/// even then. It removes the copy when it has come to a verdict.
class SelfUpdate {
public:
    explicit SelfUpdate(const Surroundings& around) : around_(around) {}

    /// Holds what this process cannot do to itself. `works` must stay where they are.
    void set_aside(std::vector<Work>& works);

    /// Whether what ends with this component is this process: it must not be removed by it.
    bool ends_with(const Component& component) const;

    /// Starts the service for what was set aside. Its failure is that of the components.
    void hand_over();

private:
    void keep_programs() const;

    const Surroundings& around_;
    std::vector<Work*> aside_;
};

} // namespace provisor
