// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/strike/tracer.hpp"

#include <filesystem>

namespace provisor::test {

/// What `strike` found, as JSON.
void write_report(const std::filesystem::path& file, const Findings& findings);
/// Throws what nlohmann::json throws for a file that is none.
Findings read_report(const std::filesystem::path& file);

/// "17 write /opt/app (provisor)".
std::string to_text(const CountedCall& call);

} // namespace provisor::test
