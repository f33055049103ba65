// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/order_test.cpp
#pragma once

#include "install/observe.hpp"
#include "model/plan.hpp"
#include "model/record.hpp"
#include "model/report.hpp"
#include "model/trusted_now.hpp"
#include "pass/target_owners.hpp"
#include "store/cache.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

struct Component;

/// One component on its way through a pass. Each stage fills in its part; a component that failed
/// or is done early is passed over by the stages that follow.
struct Work {
    const Component* component = nullptr;
    TargetOwners* owners = nullptr; ///< says what of its marker is its own
    bool done = false;              ///< decided for good: later stages leave it alone
    Outcome outcome;
    std::chrono::steady_clock::time_point begun;

    Record record; ///< as it was read, then as it is to be
    bool record_changed = false;
    bool remembered = false; ///< what the plan changes is in the history of the record
    Observed observed;
    std::vector<HashedFile> hashed;

    /// What went wrong at the origins that were asked before the one that answered well.
    std::string detour;
    bool asked = false; ///< an origin was (or should have been) asked: a failure backs off
    std::string pin;    ///< the digest that the artifact must have: the manifest's, or the one that
                        ///< its checksums file gives; may be empty
    std::string sha512; ///< the SHA-512 digest that it must have as well; may be empty
    std::string signature; ///< text of the signature over the artifact itself, if it has one
    std::string signed_by; ///< id of the key that vouches for the artifact or its checksums file
    std::int64_t signed_at = 0; ///< when it did, see Marker
    /// Why what is installed is not trusted any more, by keys and policy.
    std::optional<Doubt> doubt;
    std::optional<Artifact> artifact;
    Contents contents; ///< of the artifact
    std::string
        version; ///< label of what is wanted: the manifest's, or the generation's gone back to
    std::string kept_back; ///< why a guard keeps what is installed in place of what is wanted
    /// What is not done about what is installed, since it is not trusted any more, and why.
    std::string refusal;
    std::optional<Error> cause; ///< why what was put in place is taken back
    /// Why the origin has nothing for it in this pass; told when what needs no origin is done.
    std::optional<Error> unreached;
    bool unhealthy =
        false;             ///< its units did not come up, or did not stay up, with what is in place
    bool removed = false;  ///< it is to be taken from the machine
    bool on_trial = false; ///< what is in place and activated was not yet found healthy
    bool as_is = false;    ///< what is on disk counts as what is wanted (update: if-missing)
    Marker wanted;
    Plan plan;

    /// Whether anything but the origin says what the artifact is.
    bool is_pinned() const { return !pin.empty() || !sha512.empty(); }
};

/// Ends the work with a failure. What was there before is untouched.
void fail(Work& work, const Error& error);

/// Ends the work with a hold: a change is (or may be) wanted and is not made.
void hold(Work& work, const std::string& reason);

/// Runs one stage of one component; an Error becomes its outcome and ends its work. Nothing happens
/// when it is done.
template <typename Stage>
void attempt(Work& work, Stage&& stage) {
    if (work.done)
        return;
    try {
        stage();
    } catch (const Error& error) {
        fail(work, error);
    } catch (const std::bad_alloc&) {
        fail(work, Error(ErrorKind::io, "out of memory"));
    }
}

} // namespace provisor
