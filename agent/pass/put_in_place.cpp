// SPDX-License-Identifier: Apache-2.0
#include "pass/put_in_place.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "model/trusted_comment.hpp"

#include <fmt/format.h>
#include <optional>
#include <spdlog/spdlog.h>

namespace provisor {
namespace {

/// The text when the file is one of the component's unit files as they are in the manifest, else
/// null: a rollback puts back what was in it before.
const std::string* unit_file_text(const Component& component, const InstalledFile& file,
                                  const std::string& unit_dir) {
    for (const UnitSpec& unit : component.units)
        if (unit.file && file.path == unit_dir + "/" + unit.name &&
            file.sha256 == sha256_of(*unit.file))
            return &*unit.file;
    return nullptr;
}

/// So that a later rollback finds them.
void keep_unit_files(const Work& work, Cache& cache, const std::string& unit_dir) {
    for (const InstalledFile& file : work.wanted.files)
        if (const std::string* text = unit_file_text(*work.component, file, unit_dir))
            cache.keep_text(*text, file.sha256);
}

/// What the component had and will not have any more, and what earlier passes could not remove yet;
/// without what was there before it.
std::vector<InstalledFile> retired_files(const Marker& before, const Marker& wanted) {
    std::vector<InstalledFile> retired;
    for (const auto* list : {&before.files, &before.retired})
        for (const InstalledFile& file : *list)
            if (wanted.find(file.path) == nullptr && !before.is_found(file.path))
                retired.push_back(file);
    return retired;
}

/// Hashes of what was just put in place, so that the next pass need not read it.
void remember_hashes(Work& work, const Paths& paths, const Interrupt& interrupt) {
    Record known;
    known.hashed = work.hashed;
    work.hashed =
        observe_files(work.wanted.files, paths, known, Rehash::when_touched, interrupt).hashed;
}

} // namespace

void stage_file(const Work& work, const InstalledFile& file, Cache& cache, Staging& staging,
                const Paths& paths, const Interrupt& interrupt) {
    if (const std::string* text = unit_file_text(*work.component, file, paths.unit_dir)) {
        staging.stage_text(file, *text);
        return;
    }
    const InstalledFile* before =
        work.observed.installed ? work.observed.installed->find(file.path) : nullptr;
    const std::optional<Fd> blob = cache.open_blob(file.sha256);
    if (!blob)
        throw Error(ErrorKind::io,
                    fmt::format("the cached blob {}, which '{}' is made of, is not there",
                                file.sha256, file.path));
    try {
        staging.stage_blob(file, blob->get(), interrupt);
        // An earlier manifest asked for them, and nobody set them by hand.
        if (before != nullptr && !before->capabilities.empty())
            staging.drop_capabilities(file.path);
    } catch (const Error& error) {
        // Damaged since it was made sure of: gone, so that the next pass gets it again.
        if (error.kind() == ErrorKind::digest)
            cache.verify_blob(file.sha256, interrupt);
        throw;
    }
}

void stage_files(const Work& work, const Paths& paths, Cache& cache, Staging& staging,
                 const Interrupt& interrupt) {
    std::vector<InstalledFile> files;
    for (const std::string& path : work.plan.place)
        files.push_back(*work.wanted.find(path));
    work.owners->note_unrecorded(work.component->name, files);
    for (const InstalledFile& file : files)
        stage_file(work, file, cache, staging, paths, interrupt);
}

void put_in_place(Work& work, Staging& staging, const Paths& paths, Cache& cache,
                  ComponentStore& store, const Interrupt& interrupt) {
    if (work.plan.record_foreign)
        store.write_activated(foreign_marker(*work.component, work.observed));
    if (work.plan.write_marker)
        keep_unit_files(work, cache, paths.unit_dir);
    if (!work.plan.place.empty()) {
        work.owners->note_made(staging.made());
        staging.commit();
        for (const std::string& left : staging.left_behind())
            spdlog::warn("{}: {}", work.component->name, left);
        remember_hashes(work, paths, interrupt);
    }
    if (work.plan.write_marker) {
        if (work.observed.installed)
            work.wanted.retired = retired_files(*work.observed.installed, work.wanted);
        work.owners->record(work.wanted, work.plan.decision == Decision::rollback ? GoingBack::yes
                                                                                  : GoingBack::no);
    } else
        work.owners->retire(work.component->name);
}

void renew_vouchers(Work& work, ComponentStore& store) {
    const std::string& name = work.component->name;
    Marker& installed = *work.observed.installed;
    installed.take_vouchers(work.wanted);
    work.record.latest_signature =
        latest_after(*work.component, work.record.latest_signature, installed.signed_at);
    work.record_changed = true;
    store.write_installed(installed);
    Generations generations = store.generations(name);
    bool changed = false;
    for (Generation& one : generations)
        if (one.marker.same_installation(installed) && !one.marker.same_vouchers(installed)) {
            one.marker.take_vouchers(installed);
            changed = true;
        }
    if (changed)
        store.write_generations(name, generations);
}

void put_in_place(Work& work, const Paths& paths, Cache& cache, ComponentStore& store,
                  std::uint64_t min_free, const Interrupt& interrupt) {
    Staging staging(paths, min_free);
    stage_files(work, paths, cache, staging, interrupt);
    put_in_place(work, staging, paths, cache, store, interrupt);
}

} // namespace provisor
