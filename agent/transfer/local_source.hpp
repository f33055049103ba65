// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/fetch/local_test.cpp
#pragma once

#include "transfer/transfer.hpp"

#include <string_view>

namespace provisor {

/// Whether the URL is of scheme file.
bool is_local(std::string_view url);

/// Does what a request for a file:// URL asks for, without a server: the file's stat stands for its
/// entity-tag (device, inode, size, mtime and ctime, which no program can set back), so that a file
/// that nobody touched costs one stat. What fails is in the result; throws Interrupted.
TransferResult read_local(TransferRequest& request, const Interrupt& interrupt, Progress& progress);

} // namespace provisor
