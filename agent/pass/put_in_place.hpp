// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/interrupt.hpp"
#include "model/paths.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"
#include "store/component_store.hpp"

namespace provisor {

/// Does what the plan says about files and marker, in the order that keeps every promise across a
/// crash: all contents staged and synced, renamed, folders synced; then the marker, durably; then
/// files that the component no longer has are removed. Nothing at all happens for a plan that
/// places nothing and writes no marker.
void put_in_place(Work& work, const Paths& paths, Cache& cache, ComponentStore& store,
                  std::uint64_t min_free, const Interrupt& interrupt);

} // namespace provisor
