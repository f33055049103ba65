// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "model/paths.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"
#include "store/component_store.hpp"

#include <cstdint>

namespace provisor {

/// Keeps what an installation or update is about to overwrite and its component had not installed:
/// the content in the cache, the rest in the component's generations (model/overwritten.hpp), both
/// durably. Does nothing for what no installation or update puts in place. Throws Error of kind
/// space when the cache's file system would be left with less than `min_free` bytes, of kind io
/// when it cannot be read or written.
void keep_overwritten(const Work& work, const Paths& paths, Cache& cache, ComponentStore& store,
                      std::uint64_t min_free, const Interrupt& interrupt);

} // namespace provisor
