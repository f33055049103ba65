// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace provisor {

/// What a job result of systemd means, in words; empty for "done" and for words that are not known
/// here.
std::string_view explain_job_result(std::string_view result);

} // namespace provisor
