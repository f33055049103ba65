// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/power/disk.hpp"
#include "faults/strike/recovery.hpp"
#include "faults/strike/tracer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace provisor::test {

/// Where targets and state lie.
enum class Layout { one_disk, two_disks };

/// What of a disk's memory reaches it before the power goes, beside what was synced. File systems
/// do so of their own accord every few seconds.
enum class Reaches {
    nothing,
    journals,          ///< what was renamed, made and removed; not the content of files
    journal_of_state,  ///< of two disks only that one's
    journal_of_targets ///< and that one's
};

/// "two disks", "journal of state"...
const char* to_text(Layout layout);
const char* to_text(Reaches reaches);

/// Those that are different from one another with this layout.
std::vector<Reaches> all_reaches(Layout layout);

/// What came of one power cut.
struct Cut {
    std::uint64_t at = 0;            ///< before this call; 0: after the end
    std::optional<CountedCall> call; ///< absent for the end
    bool is_new = false;             ///< the disks are not as at the cut before
    std::vector<std::string> violations;
};

/// A machine on disks whose power is cut while it is at a workload. For use within
/// in_own_namespace(CLONE_NEWNS, ...) after keep_mounts_private().
class Outage {
public:
    /// Makes it ready for the workload and does that once. Throws std::runtime_error when that goes
    /// wrong, NotPermitted where ptrace is not allowed, NoNamespace where there is no such disk.
    Outage(const Workload& workload, const DiskKind& kind, Layout layout);
    Outage(const Outage&) = delete;
    Outage& operator=(const Outage&) = delete;
    ~Outage();

    /// How many calls change something.
    std::uint64_t calls() const { return calls_; }

    /// Cuts the power before each of these calls and after the end. Mounts the disks of each cut,
    /// looks at what must hold then, and lets the next pass make up for it: README.md of
    /// tests/faults, invariants I1, I2, I4, I5, I6, I8. Of a run that ended in success all must be
    /// there at the end.
    std::vector<Cut> cut(const std::vector<std::uint64_t>& at, Reaches reaches);

private:
    void mount();
    void unmount();
    void reset();
    void check(Cut& cut);
    void check_success(std::vector<std::string>& wrong) const;
    std::vector<CountedCall> run(const std::vector<std::string>& options);

    const Workload& workload_;
    Scene scene_;
    std::vector<std::unique_ptr<Disk>> disks_; ///< of all; or of targets and of state
    Course course_;
    std::uint64_t calls_ = 0;
};

} // namespace provisor::test
