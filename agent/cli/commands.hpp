// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"

#include <string>
#include <vector>

namespace provisor {

struct ApplyOptions {
    std::vector<std::string> names;
    bool force = false;
    bool no_units = false;
    bool dry_run = false;
    bool wait = false;
    bool offline = false;
    bool at_once = false; ///< do not wait for windows
};

struct PlanOptions {
    std::vector<std::string> names;
    bool exit_code = false;
    bool offline = false;
};

struct StatusOptions {
    std::vector<std::string> names;
    bool exit_code = false; ///< 1 when a component failed, or is held by a failure
};

/// Each command returns its exit status; errors leave it as Error or Interrupted.
int command_apply(Context& context, const ApplyOptions& options);
int command_plan(Context& context, const PlanOptions& options);
int command_status(Context& context, const StatusOptions& options);
int command_show(Context& context, const std::string& name);
int command_check(Context& context, const std::vector<std::string>& files);
int command_verify(Context& context, const std::vector<std::string>& names, bool repair);
int command_prune(Context& context);
int command_doctor(Context& context);
int command_history(Context& context, const std::string& name);
int command_hold(Context& context, const std::string& name, const std::string& reason);
int command_release(Context& context, const std::string& name);
int command_rollback(Context& context, const std::string& name, const std::string& to);
int command_remove(Context& context, const std::string& name);
int command_agent(Context& context);

} // namespace provisor
