// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/pass_test.cpp, tests/unit/pass/ownership_test.cpp
#pragma once

#include "base/interrupt.hpp"
#include "install/staging.hpp"
#include "model/paths.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"
#include "store/component_store.hpp"

namespace provisor {

/// Stages what the plan says is to be put in place: whole, synced, and not yet there.
void stage_files(const Work& work, const Paths& paths, Cache& cache, Staging& staging,
                 const Interrupt& interrupt);
/// Stages one of the files that are wanted.
void stage_file(const Work& work, const InstalledFile& file, Cache& cache, Staging& staging,
                const Paths& paths, const Interrupt& interrupt);

/// Does what the plan says about files and marker, in the order that keeps every promise across a
/// crash: all that was staged is renamed, folders synced; then the marker, durably; then the
/// markers of components that gave files to it; then files that it no longer has are removed.
/// Nothing at all happens for a plan that places nothing and writes no marker, unless an earlier
/// pass was cut off before it had removed everything.
void put_in_place(Work& work, Staging& staging, const Paths& paths, Cache& cache,
                  ComponentStore& store, const Interrupt& interrupt);
/// Both of it, with a staging of its own.
void put_in_place(Work& work, const Paths& paths, Cache& cache, ComponentStore& store,
                  std::uint64_t min_free, const Interrupt& interrupt);

/// Records what vouches for the content that is in place by what was found of Work::wanted, the
/// same installation: in the marker, and in the generation of it.
void renew_vouchers(Work& work, ComponentStore& store);

} // namespace provisor
