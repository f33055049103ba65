// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/install/labels_test.cpp
// In place of labels.cpp in a build without libselinux.
#include "install/labels.hpp"

namespace provisor {

struct Labels::Policy {};

Labels::Labels() = default;
Labels::Labels(std::filesystem::path /*file_contexts*/) {}
Labels::~Labels() = default;

std::string Labels::find(const std::string& /*path*/, mode_t /*type*/) { return ""; }
void Labels::put(const Fd& /*file*/, const std::string& /*path*/, mode_t /*type*/) {}
Labels* system_labels(const Paths& /*paths*/) { return nullptr; }

} // namespace provisor
